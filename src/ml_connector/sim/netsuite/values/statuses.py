"""Transaction types and status letters (reference 5.7, schemas/status-codes.json)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.values.numbers import ZERO

TYPE_LABELS: Final[Mapping[str, str]] = {
    "PurchOrd": "Purchase Order",
    "SalesOrd": "Sales Order",
    "ItemRcpt": "Item Receipt",
    "ItemShip": "Item Fulfillment",
    "RtnAuth": "Return Authorization",
    "InvAdjst": "Inventory Adjustment",
    "InvTrnfr": "Inventory Transfer",
    "TrnfrOrd": "Transfer Order",
    "VendBill": "Bill",
    "VendCred": "Bill Credit",
    "CustInvc": "Invoice",
    "CashSale": "Cash Sale",
}

STATUS_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "PurchOrd": {
        "A": "Pending Supervisor Approval",
        "B": "Pending Receipt",
        "C": "Rejected by Supervisor",
        "D": "Partially Received",
        "E": "Pending Billing/Partially Received",
        "F": "Pending Bill",
        "G": "Fully Billed",
        "H": "Closed",
    },
    "SalesOrd": {
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Cancelled",
        "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled",
        "F": "Pending Billing",
        "G": "Billed",
        "H": "Closed",
    },
    "RtnAuth": {
        "A": "Pending Approval",
        "B": "Pending Receipt",
        "C": "Cancelled",
        "D": "Partially Received",
        "E": "Pending Refund/Partially Received",
        "F": "Pending Refund",
        "G": "Refunded",
        "H": "Closed",
    },
    "ItemShip": {"A": "Picked", "B": "Packed", "C": "Shipped"},
    "TrnfrOrd": {
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Rejected",
        "D": "Partially Fulfilled",
        "E": "Pending Receipt/Partially Fulfilled",
        "F": "Pending Receipt",
        "G": "Received",
        "H": "Closed",
    },
    "VendBill": {
        "A": "Open",
        "B": "Paid In Full",
        "C": "Cancelled",
        "D": "Pending Approval",
        "E": "Rejected",
    },
    "VendCred": {"A": "Open", "B": "Fully Applied"},
    "CustInvc": {"A": "Open", "B": "Paid In Full"},
    "CashSale": {"B": "Not Deposited", "C": "Deposited"},
}

OPEN: Final = frozenset("BDE")
"""Purchase orders and return authorizations that can be received, sales orders that can be
fulfilled."""


def type_label(code: str | None) -> str | None:
    """``Purchase Order`` for ``PurchOrd``."""
    return None if code is None else TYPE_LABELS.get(code, code)


def status_name(code: str, letter: str | None) -> str:
    """``Pending Receipt`` for PurchOrd B."""
    return STATUS_NAMES.get(code, {}).get(letter or "", letter or "")


def status_label(code: str | None, letter: str | None) -> str | None:
    """``Purchase Order : Pending Receipt``, as BUILTIN.DF answers."""
    if code is None or letter is None:
        return None
    return f"{TYPE_LABELS.get(code, code)} : {status_name(code, letter)}"


def document_label(code: str | None, number: str | None) -> str | None:
    """``Purchase Order #PO45723``, as references to documents read."""
    return None if code is None else f"{TYPE_LABELS.get(code, code)} #{number or ''}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one order line has come, in base units, all positive."""

    ordered: Decimal
    moved: Decimal
    billed: Decimal
    closed: bool
    received: Decimal = ZERO
    movable: bool = True


def order_status(lines: Iterable[Progress]) -> str:
    """The letter of an approved purchase order, sales order or return authorization.

    B nothing moved, D moved in part, E moved in part and billed in part, F all moved, G all
    billed, H every line closed.
    """
    known = list(lines)
    alive = [line for line in known if not line.closed]
    if known and not alive and not any(line.moved or line.billed for line in known):
        return "H"
    movable = [line for line in known if line.movable]
    done = all(line.closed or line.moved >= line.ordered for line in movable)
    billed = all(line.billed >= (line.moved if line.closed else line.ordered) for line in known)
    if done and (movable or any(line.billed for line in known)):
        return "G" if billed else "F"
    if not any(line.moved for line in movable):
        return "B"
    return "E" if any(line.billed for line in known) else "D"


def transfer_status(lines: Iterable[Progress]) -> str:
    """The letter of an approved transfer order (``moved`` shipped, ``received`` received)."""
    known = list(lines)
    alive = [line for line in known if not line.closed]
    if known and not alive and not any(line.moved for line in known):
        return "H"
    shipped = all(line.closed or line.moved >= line.ordered for line in known)
    arrived = all(line.received >= line.moved for line in known)
    if shipped:
        return "G" if arrived else "F"
    if not any(line.moved for line in known):
        return "B"
    return "D" if arrived else "E"
