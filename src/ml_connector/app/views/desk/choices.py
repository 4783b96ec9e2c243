"""The decisions that a person has about a stopped subject, as they are offered. Pure."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from ml_connector.app.operations.decisions import mapping
from ml_connector.app.operations.decisions.offers import offered
from ml_connector.app.operations.decisions.wanted import NAMES_A_DOCUMENT, NAMES_AN_ORDER
from ml_connector.app.users.roles import may
from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.flows import inventory, month_end
from ml_connector.words import Cause, DecisionKind, Role

Names = Literal["", "document", "order", "mapping", "sku"]
"""What a decision has to name."""

_TEXTS: Final[dict[DecisionKind, tuple[str, str]]] = {
    DecisionKind.HANDLED: (
        "Handled by hand",
        "Somebody posted it; name the document. It must hold these units.",
    ),
    DecisionKind.SEPARATE: (
        "Separate",
        "The document that was found is about something else; name it.",
    ),
    DecisionKind.BELONGS: ("Belongs to an order", "Name the order that it belongs to."),
    DecisionKind.ADJUST: (
        "Book as an adjustment",
        "The units are there and belong to us.",
    ),
    DecisionKind.CORRECT: (
        "Correct",
        "A document brings NetSuite to what ShipBob says.",
    ),
    DecisionKind.ACCEPT: ("Accept", "It stays as it is now; the difference is kept on record."),
    DecisionKind.NOT_OURS: ("Not ours", "It is refused with your reason; nothing is posted."),
    DecisionKind.MAP: ("Map", "Say what it is at the other system; the connection keeps it."),
    DecisionKind.AGAIN: ("Try again", "Read both systems once more, and go on if that works."),
}

_NAMED: Final[dict[str, str]] = {
    "document": "Number of the document in NetSuite",
    "order": "Number of the order in NetSuite",
    "mapping": "Mapping",
    "sku": "SKU whose stock NetSuite is to have as ShipBob has it",
}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that is offered.

    Attributes:
        names: what it has to name.
        asks: how that is asked for; empty where it names nothing.
        example: of what it names.
        begins: what the value begins with, as far as that is known.
        allowed: whether the one who looks may decide it.
    """

    kind: DecisionKind
    label: str
    hint: str
    names: Names = ""
    asks: str = ""
    example: str = ""
    begins: str = ""
    allowed: bool = True


def choices(
    flow: str, state: str, cause: str, things: tuple[str, ...], role: Role
) -> tuple[Choice, ...]:
    """Return the decisions about a subject.

    Args:
        flow: of the subject.
        state: of the subject.
        cause: why it stopped.
        things: that it waits for.
        role: of the one who looks.
    """
    return tuple(_choice(kind, flow, cause, things, role) for kind in offered(flow, state, cause))


def difference_choices(kinds: Iterable[DecisionKind], role: Role) -> tuple[Choice, ...]:
    """Return the decisions about a difference of a month.

    Args:
        kinds: that end it.
        role: of the one who looks.
    """
    return tuple(_choice(kind, month_end.FLOW.name, "", (), role) for kind in kinds)


def _choice(
    kind: DecisionKind, flow: str, cause: str, things: tuple[str, ...], role: Role
) -> Choice:
    label, hint = _TEXTS[kind]
    names = _names(kind, flow)
    example, table = "", ""
    if kind is DecisionKind.MAP:
        example, table = mapping.example(flow, Cause(cause))
    return Choice(
        kind=kind,
        label=label,
        hint=hint,
        names=names,
        asks=_NAMED.get(names, ""),
        example=example,
        begins=_begins(table, things) if kind is DecisionKind.MAP else "",
        allowed=may(role, kind, flow=flow, table=table),
    )


def _names(kind: DecisionKind, flow: str) -> Names:
    if kind is DecisionKind.CORRECT and flow == inventory.FLOW.name:
        return "sku"  # its subject is all stock of a location
    if kind in NAMES_A_DOCUMENT:
        return "document"
    if kind in NAMES_AN_ORDER:
        return "order"
    return "mapping" if kind is DecisionKind.MAP else ""


def _begins(table: str, things: tuple[str, ...]) -> str:
    """Return the key of the mapping that would let the subject go on, where it is known."""
    kinds = {"skus": AwaitedKind.SKU, "locations": AwaitedKind.LOCATION}
    for thing in map(Awaited, things):
        if thing.is_of_this_build and thing.kind is kinds.get(table) and thing.name:
            return f"{thing.name}="
    return ""
