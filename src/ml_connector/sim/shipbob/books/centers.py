"""Fulfillment centers and receiving hubs (reference shipbob.md, 9.1)."""

from collections.abc import Iterator

import msgspec


class FulfillmentCenter(msgspec.Struct, kw_only=True):
    """One warehouse.

    Attributes:
        hub_id: the receiving hub that stock for this center goes through, if there is one.
            A WRO made for this center then comes back with the hub as its center.
        receiving: the merchant may send stock here.
    """

    id: int
    name: str
    hub_id: int | None = None
    receiving: bool = True
    active: bool = True
    timezone: str = "Central Standard Time"
    address1: str = "100 Example Way"
    city: str = "Chicago"
    state: str = "IL"
    country: str = "US"
    zip_code: str = "60607"
    phone_number: str = "5555550100"
    email: str = "receiving@example.test"

    def view(self) -> dict[str, object]:
        """As ``GET /fulfillment-center`` lists it and a WRO carries it."""
        return {
            "id": self.id,
            "name": self.name,
            "timezone": self.timezone,
            "address1": self.address1,
            "address2": None,
            "city": self.city,
            "state": self.state,
            "country": self.country,
            "zip_code": self.zip_code,
            "phone_number": self.phone_number,
            "email": self.email,
        }

    def short(self) -> dict[str, object]:
        """Id and name, as shipments and returns carry it."""
        return {"id": self.id, "name": self.name}

    def location(self) -> dict[str, object]:
        """As ``GET /location`` lists it."""
        address: dict[str, object] = {
            "name": self.name,
            "address1": self.address1,
            "address2": None,
            "city": self.city,
            "state": self.state,
            "country": self.country,
            "zip_code": self.zip_code,
            "phone_number": self.phone_number,
            "email": self.email,
        }
        kinds = (("Receiving", self.receiving), ("Returns", True))
        return {
            "id": self.id,
            "name": self.name,
            "abbreviation": "".join(word[0] for word in self.name.split() if word[0].isalpha()),
            "timezone": self.timezone,
            "region": {"id": 1, "name": self.country},
            "is_active": self.active,
            "is_receiving_enabled": self.receiving,
            "is_shipping_enabled": True,
            "access_granted": True,
            "attributes": [],
            "services": [
                {"service_type": kind, "enabled": enabled, "address": address}
                for kind, enabled in kinds
            ],
        }


class Centers:
    """The merchant's fulfillment centers, in the order of their ids."""

    def __init__(self) -> None:
        self._centers: dict[int, FulfillmentCenter] = {}

    def add(self, center: FulfillmentCenter) -> None:
        """Add a center or replace the one with its id."""
        self._centers[center.id] = center

    def get(self, center_id: int) -> FulfillmentCenter | None:
        """The center with this id, if there is one."""
        return self._centers.get(center_id)

    def __getitem__(self, center_id: int) -> FulfillmentCenter:
        return self._centers[center_id]

    def __iter__(self) -> Iterator[FulfillmentCenter]:
        return iter([self._centers[number] for number in sorted(self._centers)])

    def first(self) -> FulfillmentCenter:
        """The center with the lowest id, for whoever names none.

        Raises:
            LookupError: there is no center at all.
        """
        for center in self:
            return center
        raise LookupError("There is no fulfillment center: call add_fulfillment_center first.")
