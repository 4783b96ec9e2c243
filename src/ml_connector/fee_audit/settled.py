"""What refunds and credits have settled already, by sums. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ml_connector.ledger.sources.charges import Charge
from ml_connector.netsuite.records.tracking_numbers import compared_number

# So long a number names one thing wherever it stands; a shorter one may count anything.
_LONG: Final = 6
_NUMBER: Final = re.compile(r"\d+", re.ASCII)
_OF_A_LOSS: Final = ("lost", "loss", "damage", "missing", "event", "inventory", "adjust")


@dataclass
class _Credit:
    """A refund or credit, and what of it has settled nothing yet."""

    number: int
    charge: Charge
    left: Decimal
    words: frozenset[str]


class Settlements:
    """The refunds and credits of a period. Each of their cents settles one charge only."""

    def __init__(self, ordered: Iterable[Charge]) -> None:
        self._by_word: dict[str, list[_Credit]] = defaultdict(list)
        for number, one in enumerate(ordered):
            if (one.type or "").casefold() in {"refund", "credit"} and one.amount < 0:
                credit = _Credit(number, one, -one.amount, frozenset(words_of(one)))
                for word in credit.words:
                    self._by_word[word].append(credit)

    def given_back(self, charges: Sequence[Charge]) -> Decimal:
        """Return how much the refunds and credits for these charges come to, taking nothing."""
        return sum((-one.charge.amount for one in self._of(charges)), Decimal(0))

    def take(self, charges: Sequence[Charge], most: Decimal) -> Decimal:
        """Return how much of these charges was given back, at most so much.

        Args:
            charges: of one fee for one thing.
            most: what could be claimed of them.
        """
        settled = Decimal(0)
        for credit in self._of(charges):
            part = min(credit.left, most - settled)
            credit.left -= part
            settled += part
        return settled

    def _of(self, charges: Sequence[Charge]) -> list[_Credit]:
        """Return the refunds and credits for any of these charges, oldest first."""
        found = {
            credit.number: credit
            for charge in charges
            for name in (charge.transaction_id, charge.reference_id or "")
            for credit in self._by_word.get(name.strip().casefold(), ())
            if _is_for(credit, charge)
        }
        return [found[number] for number in sorted(found)]


def _is_for(credit: _Credit, charge: Charge) -> bool:
    """Whether a refund or credit is for a charge: of its thing and fee, or it names it."""
    given = credit.charge
    if given.currency != charge.currency or (given.charged_on or charge.charged_on) is None:
        return False
    if given.charged_on and charge.charged_on and given.charged_on < charge.charged_on:
        return False
    if charge.transaction_id.casefold() in credit.words:
        return True
    if not charge.reference_id:
        return False
    is_credit = (given.type or "").casefold() == "credit"
    if _reference(given) == _reference(charge):
        return (is_credit or _fee(given) == _fee(charge)) and _same_parcel(given, charge)
    named = charge.reference_id.strip().casefold()
    return is_credit and len(named) >= _LONG and named in credit.words


def _reference(charge: Charge) -> tuple[str, str]:
    return (
        (charge.reference_type or "").strip().casefold(),
        (charge.reference_id or "").strip().casefold(),
    )


def _fee(charge: Charge) -> str:
    return (charge.fee or "").strip().casefold().removesuffix(" refund")


def _same_parcel(given: Charge, charge: Charge) -> bool:
    ours, theirs = parcel_of(charge), parcel_of(given)
    return not theirs or not ours or ours == theirs


def parcel_of(charge: Charge) -> str:
    """Return the tracking number that a charge names, as numbers are compared; or nothing."""
    return compared_number(str(charge.details.get("TrackingId") or ""))


def names_loss(credit: Charge, names: Iterable[str]) -> bool:
    """Whether a credit names a loss by one of these ids or SKUs.

    A short number in a sentence may count boxes or be an order's: it names a loss only where
    the same sentence speaks of one. What is not a number, a long number, and a text that is
    the name and nothing else, always do.
    """
    for text in _texts_of(credit):
        words = _words(text)
        about_loss = any(word.startswith(_OF_A_LOSS) for word in words)
        for name in names:
            sure = not _NUMBER.fullmatch(name) or len(name) >= _LONG or text.strip() == name
            if name in words and (sure or about_loss):
                return True
    return False


def words_of(charge: Charge) -> set[str]:
    """Return the words of a credit, any of which may name what it is for."""
    return {word for text in _texts_of(charge) for word in _words(text)}


def _texts_of(charge: Charge) -> Iterator[str]:
    yield charge.reference_id or ""
    yield from _texts(charge.details)


def _words(text: str) -> set[str]:
    whole = text.strip().casefold()
    return {whole, *(word.strip(".,;:()#") for word in whole.split())}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
