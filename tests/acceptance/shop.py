"""A merchant in whose shop goods come in, leave and come back, each by a flow of its own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from acceptance import wrong
from acceptance.merchant import Merchant
from acceptance.retail import Part, Retail
from acceptance.returning import Desk
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow


def elsewhere(settings: ConnectionSettings) -> ConnectionSettings:
    return settings.model_copy(update={"locations": {"228": "7", "10": "6"}})


class Shop:
    """A merchant, and what each rule finds there: SKUs of its own."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.retail = Retail(acme)
        self.desk = Desk(acme)
        self.runs: list[tuple[Flow, int]] = []

    def run(self, name: str, key: int, **rule: Any) -> None:
        self.runs.append((wrong.wrong(name, **rule), key))

    def wro(self, *, ordered: bool = False, units: int = 10, more: int = 0, **rule: Any) -> str:
        """A WRO of one SKU arrives."""
        sku = self.acme.sku("TEE")
        number = self.acme.order({sku: units + more}) if ordered else None
        self.run("receiving", self.acme.deliver({sku: units}, number=number).id, **rule)
        return sku

    def parcel(self, *, ordered: int = 2, **rule: Any) -> str:
        """A parcel of two leaves."""
        sku = self.retail.sku()
        parts: list[Part] = [{sku: 2}, {sku: ordered - 2}]
        order = self.retail.sell(*(one for one in parts if one[sku]))
        self.acme.world.shipbob.ship(order.shipments[0])
        self.run("tracking", order.shipments[0].id, **rule)
        return sku

    def kit(self, **rule: Any) -> list[str]:
        parts = {self.retail.sku(): 2, self.retail.sku(): 1}
        kit = f"SET-{next(self.acme.numbers)}"
        self.acme.world.shipbob.add_product(kit, parts=parts)
        self.acme.world.netsuite.add_item(kit, kind="Kit", cost="9", members=parts)
        order = self.retail.sell({kit: 1}, {kit: 1})
        self.acme.world.shipbob.ship(order.shipments[0])
        self.run("tracking", order.shipments[0].id, **rule)
        return list(parts)

    def two_lines(self, sku: str) -> str:
        """Enter an order of ten at each of the two locations; return its number."""
        number = f"PO{4711 + next(self.acme.numbers)}"
        self.acme.world.netsuite.add_purchase_order(
            number,
            vendor=301,
            location=6,
            lines=[
                {"item": sku, "quantity": 10, "rate": "4.20", "location": where}
                for where in (7, 6)
            ],
        )
        return number

    def invoice(self, **rule: Any) -> int:
        """A fee is charged, and invoiced."""
        shipbob = self.acme.world.shipbob
        shipbob.charge("Per Pick Fee", Decimal("4.10"))
        [made] = shipbob.invoice()
        self.run("billing", made.id, **rule)
        return made.id

    def back(self, done: Mapping[str, int], **rule: Any) -> str:
        """A part of eight comes back."""
        sku = self.retail.sku()
        _, _, parcel = self.desk.sell({sku: 8})
        self.run("tracking", parcel)
        units = sum(done.values())
        authorized = self.desk.authorize({sku: 8})
        found = self.desk.announce({sku: units}, authorized)
        self.desk.complete(found, {sku: done})
        self.run("returns", found.id, **rule)
        return sku
