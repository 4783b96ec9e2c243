"""Line conservation: every source line is posted, waiting, or refused with a reason.

The equation is kept in lines, in units and in money by currency. Lines that are missing on its
right side are *unexplained*: with one such line, the equation does not hold.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec

from ml_connector.ledger.postings.documents import JournalLine, RefusedUnits, SourceLine

_L = TypeVar("_L", SourceLine, JournalLine, RefusedUnits)

PART_OF_A_LINE: Final = " / "
"""``inventory 7 / write-off`` names what followed from line ``inventory 7``: not counted."""

UNITS: Final = ""
"""The measure of units, beside the currencies."""

LineState = Literal["posted", "waiting", "refused", "unexplained"]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """One term of the equation.

    Attributes:
        lines: how many.
        quantity: whole sellable eaches, signed.
        money: amounts by currency; a currency that comes to nothing is left out.
    """

    lines: int = 0
    quantity: int = 0
    money: dict[str, Decimal] = {}

    def __add__(self, other: "Sums") -> "Sums":
        """Return the sum of two terms."""
        money = {
            currency: self.money.get(currency, Decimal()) + other.money.get(currency, Decimal())
            for currency in sorted({*self.money, *other.money})
        }
        return Sums(
            lines=self.lines + other.lines,
            quantity=self.quantity + other.quantity,
            money={currency: amount for currency, amount in money.items() if amount},
        )


class Equation(msgspec.Struct, frozen=True, kw_only=True):
    """All source lines, and what they came to: ``all = posted + waiting + refused``.

    A line counts once, as what most needs attention of it: unexplained, waiting, posted,
    refused. Its units and its money count where they are.
    """

    all: Sums = msgspec.field(default_factory=Sums)
    posted: Sums = msgspec.field(default_factory=Sums)
    waiting: Sums = msgspec.field(default_factory=Sums)
    refused: Sums = msgspec.field(default_factory=Sums)
    unexplained: Sums = msgspec.field(default_factory=Sums)

    @property
    def holds(self) -> bool:
        """Whether nothing is unexplained."""
        return self.unexplained == Sums()

    def __add__(self, other: "Equation") -> "Equation":
        """Return the equation of both."""
        return Equation(
            all=self.all + other.all,
            posted=self.posted + other.posted,
            waiting=self.waiting + other.waiting,
            refused=self.refused + other.refused,
            unexplained=self.unexplained + other.unexplained,
        )


Measures = dict[str, Decimal]
"""An amount for each measure: ``UNITS`` and the currencies."""


def of_line(
    stated: Measures, posted: Measures, refused: Measures, *, rows: int, reasons: int, waits: bool
) -> tuple[Equation, LineState | None]:
    """Return the equation of one source line, and how it counts.

    Args:
        stated: what the source says.
        posted: what journal rows say.
        refused: what was refused, undone postings included.
        rows: how many journal rows there are.
        reasons: how many refusals there are.
        waits: whether what is missing waits: its subject is open, or may wait.

    Returns:
        The state is None for a line of nothing that nobody speaks of.
    """
    rest = {
        key: stated.get(key, Decimal()) - posted.get(key, Decimal()) - refused.get(key, Decimal())
        for key in {*stated, *posted, *refused}
    }
    missing = {key: value for key, value in rest.items() if value}
    is_missing = bool(missing) or (not stated and not rows and not reasons)
    state = _state(posted, rows=rows, reasons=reasons, is_missing=is_missing, waits=waits)
    line = {state: 1} if state else {}
    return (
        Equation(
            all=_sums(stated, len(line)),
            posted=_sums(posted, line.get("posted", 0)),
            refused=_sums(refused, line.get("refused", 0)),
            waiting=_sums(missing if waits else {}, line.get("waiting", 0)),
            unexplained=_sums({} if waits else missing, line.get("unexplained", 0)),
        ),
        state,
    )


def _state(
    posted: Measures, *, rows: int, reasons: int, is_missing: bool, waits: bool
) -> LineState | None:
    if is_missing:
        return "waiting" if waits else "unexplained"
    if any(posted.values()) or (rows and not reasons):
        return "posted"
    return "refused" if reasons else None


def of_subject(
    lines: Sequence[SourceLine],
    posted: Iterable[JournalLine],
    refused: Sequence[RefusedUnits],
    *,
    undone: Iterable[JournalLine] = (),
    waits: bool,
) -> Equation:
    """Return the equation of one subject. Pure.

    Args:
        lines: all its source lines.
        posted: the journal lines of all its documents that exist and that nobody has undone.
        refused: all that is not posted on purpose.
        undone: the journal lines of documents that were taken back. A person refuses them so,
            as far as they are missing: what was posted again is not refused.
        waits: whether what is missing waits.
    """
    undone = list(undone)
    names = {line.source_line for line in lines}
    rows = [line for line in posted if not follows(line.source_line, names)]
    refused = [one for one in refused if not follows(one.source_line, names)]
    names |= {row.source_line for row in rows} | {one.source_line for one in refused}
    total = Equation()
    for name in sorted(names):
        own, reasons = _of_line_named(name, rows), _of_line_named(name, refused)
        stated = measures(_of_line_named(name, lines))
        back = _taken_back(
            _minus(_minus(stated, measures(own)), measures(reasons)),
            measures(_of_line_named(name, undone)),
        )
        equation, _ = of_line(
            stated,
            measures(own),
            _minus(measures(reasons), back, sign=-1),
            rows=len(own),
            reasons=len(reasons) + len(back),
            waits=waits,
        )
        total += equation
    return total


def _of_line_named(name: str, lines: Iterable[_L]) -> list[_L]:
    return [line for line in lines if line.source_line == name]


def _taken_back(missing: Measures, undone: Measures) -> Measures:
    """Return how much of what was undone is missing; ``sums.taken_back`` says the same in SQL."""
    return {
        key: min(missing[key], amount, key=abs)
        for key, amount in undone.items()
        if missing.get(key, Decimal()) * amount > 0
    }


def _minus(one: Measures, other: Measures, *, sign: int = 1) -> Measures:
    return {
        key: one.get(key, Decimal()) - sign * other.get(key, Decimal()) for key in {*one, *other}
    }


def follows(name: str, stated: Iterable[str]) -> bool:
    """Return whether a name is of something that only followed from a line."""
    whole, found, _ = name.rpartition(PART_OF_A_LINE)
    return bool(found) and name not in stated and whole in stated


def measures(lines: Iterable[SourceLine | JournalLine | RefusedUnits]) -> Measures:
    """Return the sum of lines in each measure that one of them has."""
    sums: Measures = defaultdict(Decimal)
    for line in lines:
        if line.quantity is not None:
            sums[UNITS] += line.quantity
        if line.amount is not None:
            sums[line.currency or "?"] += line.amount
    return dict(sums)


def sentences(equation: Equation) -> Iterator[str]:
    """Yield the equation as text, one line for each measure."""
    yield _sentence("lines", [term.lines for term in _terms(equation)])
    quantities = [term.quantity for term in _terms(equation)]
    if any(quantities):
        yield _sentence("units", quantities)
    for currency in sorted({key for term in _terms(equation) for key in term.money}):
        amounts = [term.money.get(currency, Decimal()) for term in _terms(equation)]
        yield _sentence(currency, [f"{amount:f}" for amount in amounts])


def _sentence(measure: str, values: Sequence[object]) -> str:
    whole, posted, waiting, refused, unexplained = values
    said = f"{measure}: {whole} = {posted} posted + {waiting} waiting + {refused} refused"
    nothing = not unexplained or str(unexplained) == "0"
    return said if nothing else f"{said} + {unexplained} UNEXPLAINED"


def _terms(equation: Equation) -> tuple[Sums, Sums, Sums, Sums, Sums]:
    return (
        equation.all,
        equation.posted,
        equation.waiting,
        equation.refused,
        equation.unexplained,
    )


def _sums(values: Measures, lines: int) -> Sums:
    return Sums(
        lines=lines,
        quantity=int(values.get(UNITS, 0)),
        money={key: value for key, value in sorted(values.items()) if key != UNITS and value},
    )
