"""What of a source fact is booked already, and whether the source now says less. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.postings.documents import Posted
from ml_connector.words import Cause

TAKEN_BACK: Final = "A person took it back, and it has not changed since: not booked again"


def booked_units(posted: Iterable[Posted]) -> Counter[str]:
    """Return the units that are booked, signed, by line of the source; 0 for other lines."""
    booked: Counter[str] = Counter()
    for document in posted:
        for line in document.lines:
            booked[line.source_line] += line.quantity or 0
    return booked


def standing(posted: Iterable[Posted]) -> tuple[Posted, ...]:
    """Return the documents that no counter-document has taken back."""
    return tuple(document for document in posted if not document.undone)


def left_taken_back(posted: Sequence[Posted], told: Mapping[str, int]) -> Counter[str]:
    """Return the units that a person took back and that are not posted again, by line, signed.

    What a person took back is not posted again by itself while the source still says of the line
    what it said then. A line that has changed since is posted whole, as if nothing of it had ever
    been posted. What was taken back before that counts for it no more, also where the line is
    later raised by as many units.

    Args:
        posted: all documents of the source, oldest first.
        told: units that the source says now, signed as they are posted, by line.
    """
    stands = booked_units(standing(posted))
    lines_of = {document.external_id: booked_units([document]) for document in posted}
    taken_back = [
        {
            name: units
            for name, units in lines_of[document.external_id].items()
            if not any(lines_of.get(after, Counter())[name] for after in document.posted_after)
        }
        for document in posted
        if document.undone
    ]
    left: Counter[str] = Counter()
    # The latest that were taken back count, as many as were then the line.
    for number in range(len(taken_back)):
        latest: Counter[str] = Counter()
        for lines in taken_back[number:]:
            latest.update(lines)
        for name, units in latest.items():
            if units and stands[name] + units == told.get(name, 0):
                left[name] = units
    return left


def settled_units(posted: Sequence[Posted], told: Mapping[str, int]) -> Counter[str]:
    """Return the units that need no document any more, signed, by line of the source.

    Those of documents that stand, and those that a person took back for good. Arguments as of
    ``left_taken_back``.
    """
    settled = booked_units(standing(posted))
    settled.update(left_taken_back(posted, told))
    return settled


def refuse_fewer_units(
    subject: str,
    booked: Mapping[str, int],
    told: Mapping[str, int],
    *,
    done: str = "",
    accounted: str = "booked",
    remedy_ends: str,
) -> None:
    """Stop where ShipBob now tells of fewer units than are booked.

    Args:
        subject: the source fact, such as ``WRO 90311``, for the message.
        booked: units that are booked, by line of the source.
        told: units that ShipBob tells of now, by line of the source.
        done: what ShipBob did with them, after their number, for the message.
        accounted: what those units are, for the message.
        remedy_ends: what is to be corrected, and that nothing is by itself.

    Raises:
        NeedsHuman: a quantity went down.
    """
    for name, quantity in booked.items():
        now = told.get(name, 0)
        if now < quantity:
            raise NeedsHuman(
                f"{subject}, {name}: ShipBob now says {now}{done}, but {quantity} are {accounted}",
                cause=Cause.QUANTITY_WENT_DOWN,
                remedy=(
                    "Find out from ShipBob what is right. If the smaller number is, correct the"
                    f" {remedy_ends}"
                ),
            )
