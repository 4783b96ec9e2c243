"""What a visitor may let happen: each act with its words, and what it does in the simulators."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.app.sandbox.place import Sandbox
from ml_connector.app.sandbox.simulators import Simulators
from ml_connector.errors import UserError
from ml_connector.ledger.connections.connections import AppliedConnection

UNITS: Final = 12
_ITEM_RECEIPTS: Final = "TRAN_ITEMRCPT"
_ROLE: Final = 1000
"""The role of the integration in the simulated NetSuite."""


class Center(NamedTuple):
    """A fulfillment center and the NetSuite location that it is."""

    center: int
    location: int


class SandboxAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a visitor may let happen.

    Attributes:
        name: of its address.
        title: on its button.
        says: what happens in the two systems, and what should come of it.
        watch: the page on which that is seen, with its name.
        breaks: it is something that goes wrong.
    """

    name: str
    title: str
    says: str
    watch: tuple[str, str]
    breaks: bool = False


async def perform(sandbox: Sandbox, applied: AppliedConnection, name: str) -> str:
    """Let something happen; return what did, for a person.

    Args:
        sandbox: where.
        applied: the connection, whose first center it happens in.
        name: of the act.

    Raises:
        LookupError: there is no such act.
        UserError: the books of a system refuse it, or there is nothing to do it with.
    """
    do = _DOES.get(name)
    if do is None:
        raise LookupError(f"There is no act {name}")
    return await do(Simulators(sandbox), _center(applied))


async def _stow(both: Simulators, at: Center) -> str:
    sku = await _known_sku(both, at)
    number = f"PO-{_fresh()}"
    vendor = await both.netsuite("add_vendor", name=f"Vendor of {number}")
    line = {"item": sku, "quantity": UNITS, "rate": "4.20", "location": at.location}
    await both.netsuite(
        "add_purchase_order", tranid=number, vendor=vendor, location=at.location, lines=[line]
    )
    wro = await _received(both, at, {sku: UNITS}, purchase_order_number=number)
    return f"{UNITS} {sku} of purchase order {number} were stowed as WRO {wro}"


async def _stow_unknown(both: Simulators, at: Center) -> str:
    sku = f"NEW-{_fresh()}"
    await both.netsuite("add_item", keys=[f"{sku}-US"], cost="9.90")
    await both.shipbob("add_product", sku=sku)
    wro = await _received(both, at, {sku: UNITS})
    return f"{UNITS} {sku} were stowed as WRO {wro}. NetSuite has the item as {sku}-US: map it"


async def _ship(both: Simulators, at: Center) -> str:
    sku = await _known_sku(both, at, in_stock=True)
    number = f"SO-{_fresh()}"
    customer = await both.netsuite("add_customer", keys=[f"Customer of {number}"])
    line = {"item": sku, "quantity": 1, "rate": "24.00", "location": at.location}
    await both.netsuite(
        "add_sales_order", tranid=number, customer=customer, location=at.location, lines=[line]
    )
    order = await both.shipbob(
        "create_order", reference_id=number, items={sku: 1}, fulfillment_center_id=at.center
    )
    parcel = order["shipments"][0]["id"]
    for step in ("pick", "pack", "label", "ship"):
        await both.shipbob(step, shipment=parcel)
    await both.shipbob("track", shipment=parcel)
    return f"Order {number} left as shipment {parcel}, and its parcel travels"


async def _deliver(both: Simulators, at: Center) -> str:
    del at
    under_way = [
        shipment["id"]
        for order in await both.shows("orders")
        for shipment in order["shipments"]
        if shipment["labelled"] and not shipment["delivered"]
    ]
    if not under_way:
        raise UserError("No parcel is under way", next_step="Ship an order first.")
    await both.shipbob("deliver", shipment=under_way[-1])
    return f"The parcel of shipment {under_way[-1]} was delivered"


async def _withdraw(both: Simulators, at: Center) -> str:
    await both.netsuite("withdraw_permission", keys=[_ITEM_RECEIPTS])
    return f"The integration may not make item receipts any more. {await _stow(both, at)}"


async def _give_back(both: Simulators, at: Center) -> str:
    del at
    await both.netsuite("add_role", keys=["Integration"], internal_id=_ROLE)
    return "The integration has all its permissions again"


async def _lose_webhook(both: Simulators, at: Center) -> str:
    await both.shipbob("tune_webhooks", losses=1.0)
    try:
        said = await _stow(both, at)
    finally:
        await both.shipbob("tune_webhooks", losses=0.0)
    return f"{said}, and nobody was told: the next sweep finds it"


async def _received(both: Simulators, at: Center, quantities: dict[str, int], **more: Any) -> int:
    wro = await both.shipbob(
        "create_wro", quantities=quantities, fulfillment_center_id=at.center, **more
    )
    number = int(wro["id"])
    for step in ("arrive", "stow", "complete"):
        await both.shipbob(step, wro=number)
    return number


async def _known_sku(both: Simulators, at: Center, *, in_stock: bool = False) -> str:
    """Return a SKU that both systems know: one that lies at that center."""
    held = [
        str(one["sku"])
        for one in await both.shows("stock")
        if one["sku"] and one["fulfillment_center_id"] == at.center and one["on_hand"] > 0
    ]
    known = [sku for sku in held if not sku.startswith("NEW-")]
    if known:
        return known[0]
    if in_stock:
        raise UserError("Nothing is in stock yet", next_step="Wait for the story, or stow a box.")
    products = [str(one["sku"]) for one in await both.shows("products")]
    known = [sku for sku in products if not sku.startswith("NEW-")]
    if not known:
        raise UserError("ShipBob has no product yet", next_step="Wait for the story to begin.")
    return known[0]


def _center(applied: AppliedConnection) -> Center:
    for center, location in applied.section("locations").items():
        return Center(int(center), int(location))
    raise UserError("The connection maps no center", next_step="Map one in its file.")


def _fresh() -> str:
    return f"{secrets.randbelow(9_000_000) + 1_000_000}"


_Do = Callable[[Simulators, Center], Awaitable[str]]

_RECEIVING: Final = ("/flows/receiving", "Receiving")
_ATTENTION: Final = ("/attention", "Needs attention")
_PARCELS: Final = ("/flows/parcels", "Parcels")

_TABLE: Final[tuple[tuple[SandboxAct, _Do], ...]] = (
    (
        SandboxAct(
            name="stow",
            title="Stow a box",
            says=f"Somebody orders {UNITS} units in NetSuite; they arrive at ShipBob and are put"
            " on the shelf. An item receipt follows within seconds.",
            watch=_RECEIVING,
        ),
        _stow,
    ),
    (
        SandboxAct(
            name="stow-unknown",
            title="Stow a SKU that NetSuite lacks",
            says="NetSuite has the item under another name. The receipt waits until you map one"
            " to the other; then it goes through by itself.",
            watch=_ATTENTION,
        ),
        _stow_unknown,
    ),
    (
        SandboxAct(
            name="ship",
            title="Ship an order",
            says="A customer orders one unit; ShipBob picks, packs and ships it. The item"
            " fulfilment follows, with the tracking number.",
            watch=_PARCELS,
        ),
        _ship,
    ),
    (
        SandboxAct(
            name="deliver",
            title="Deliver the parcel",
            says="The carrier hands over the parcel that left last. Its day of delivery is"
            " written to the item fulfilment.",
            watch=_PARCELS,
        ),
        _deliver,
    ),
    (
        SandboxAct(
            name="withdraw",
            title="Break a permission",
            says="Somebody takes *item receipts* from the integration's role in NetSuite, and a"
            " box is stowed. Its receipt stops, and says what to do.",
            watch=_ATTENTION,
            breaks=True,
        ),
        _withdraw,
    ),
    (
        SandboxAct(
            name="give-back",
            title="Give the permission back",
            says="The role has all its permissions again. Press *Try again* on what stopped, or"
            " let it try by itself.",
            watch=_ATTENTION,
        ),
        _give_back,
    ),
    (
        SandboxAct(
            name="lose-webhook",
            title="Lose a webhook",
            says="A box is stowed, and ShipBob tells nobody. The next sweep, at most half a minute"
            " later, finds it all the same.",
            watch=("/events", "Events"),
            breaks=True,
        ),
        _lose_webhook,
    ),
)

ACTS: Final = tuple(act for act, _ in _TABLE)
_DOES: Final = {act.name: do for act, do in _TABLE}
