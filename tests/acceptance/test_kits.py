"""Kits and two-packs: as many as one of them holds, told in both systems."""

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units
from ml_connector.sim.shipbob.books.orders import Order


class Packing:
    """A merchant whose store sells kits."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.retail = Retail(acme)

    def bundle(self, *, kind: str, **parts: int) -> tuple[str, list[str]]:
        """Return the SKU of a bundle and those of its parts, known to both systems.

        Args:
            kind: what NetSuite has it as.
            parts: how many of each part, by a name.
        """
        skus = {name: self.retail.sku() for name in parts}
        made_of = {skus[name]: quantity for name, quantity in parts.items()}
        bundle = f"SET-{next(self.acme.numbers)}"
        self.acme.world.shipbob.add_product(bundle, parts=made_of)
        is_kit = kind == "Kit"
        self.acme.world.netsuite.add_item(
            bundle, kind=kind, cost="9", members=made_of if is_kit else None
        )
        if not is_kit:
            self.acme.world.netsuite.add_to_stock(bundle, 6, 10)
        return bundle, list(skus.values())

    def ship(self, order: Order) -> None:
        """Let all shipments of an order leave, one after the other, and look at each."""
        for shipment in order.shipments:
            self.acme.world.shipbob.ship(shipment)
            sync(self.acme, "tracking", shipment.id)

    def held(self, order: Order) -> list[dict[str, tuple[float, str]]]:
        return [units(one) for one in self.retail.fulfillments(order)]

    def states(self, order: Order) -> list[str]:
        return [self.retail.state(one) for one in order.shipments]

    def journal(self, order: Order) -> list[tuple[str, int]]:
        """Return the SKUs and quantities that the journal says left with an order."""
        rows = self.acme.rows(
            "select sku, quantity from journal where quantity is not null"
            " and source = any(%(shipments)s) order by sku, quantity",
            shipments=[f"shipment {one.id}" for one in order.shipments],
        )
        return [(row["sku"], int(row["quantity"])) for row in rows]

    def drift(self, *skus: str) -> list[str]:
        return [row["sku"] for row in sync(self.acme, "inventory").details if row["sku"] in skus]

    def agree(self, *skus: str) -> bool:
        """Whether both have the same stock, and neither report nor drift says otherwise."""
        books = self.acme.books(*skus)
        return (
            books.shipbob == books.netsuite
            and not self.drift(*skus)
            and not found(close(self.acme))
        )


@pytest.fixture
def packing(unserved: Merchant) -> Packing:
    return Packing(unserved)


@pytest.mark.parametrize("seen", [True, False], ids=["members_seen", "members_hidden"])
def test_a_kit_split_over_shipments_is_fulfilled_as_whole_kits(
    packing: Packing, *, seen: bool
) -> None:
    if not seen:
        packing.acme.world.netsuite.hide_names("kitItemMember")
    gift, parts = packing.bundle(kind="Kit", coffee=2, mug=1)
    order = packing.retail.sell({gift: 2}, {gift: 1})
    packing.ship(order)

    assert packing.states(order) == ["done", "done"]
    assert packing.held(order) == [{gift: (2.0, "6")}, {gift: (1.0, "6")}]
    assert packing.agree(*parts)


def test_a_two_pack_of_a_partly_shipped_order_is_one_kit(packing: Packing) -> None:
    pair, [tee] = packing.bundle(kind="Kit", tee=2)
    order = packing.retail.sell({pair: 1}, {pair: 1})
    first, second = order.shipments
    packing.acme.world.shipbob.cancel_shipment(second)
    packing.acme.world.shipbob.ship(first)
    sync(packing.acme, "tracking", first.id, second.id)

    assert packing.held(order) == [{pair: (1.0, "6")}]
    assert packing.journal(order) == [(tee, -2)]
    assert packing.agree(tee)


def test_a_two_pack_that_netsuite_stocks_leaves_once_and_the_journal_names_the_tees(
    packing: Packing,
) -> None:
    pair, [tee] = packing.bundle(kind="InvtPart", tee=2)
    order = packing.retail.sell({pair: 3})
    packing.ship(order)

    assert packing.states(order) == ["done"]
    assert packing.held(order) == [{pair: (3.0, "6")}]
    assert packing.journal(order) == [(tee, -6)]
    assert tee in packing.drift(tee)  # NetSuite took pairs, ShipBob tees: never green
    assert found(close(packing.acme)) != set()
