"""What of a source fact is booked already, and whether the source now says less. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.postings.documents import Posted
from ml_connector.words import Cause


def booked_units(posted: Iterable[Posted]) -> Counter[str]:
    """Return the units that are booked, signed, by line of the source; 0 for other lines."""
    booked: Counter[str] = Counter()
    for document in posted:
        for line in document.lines:
            booked[line.source_line] += line.quantity or 0
    return booked


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
