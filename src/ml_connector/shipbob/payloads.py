"""The payloads that ShipBob sends, in its own field names. Enums are open texts.

Source: ShipBob reference, section 9, and its OpenAPI file. A null and a missing key mean the
same. Dates become aware UTC datetimes. ShipBob writes .NET dates with seven fractional digits,
which are rounded to microseconds; a date without a zone is taken as UTC.
"""

import copy
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

import msgspec

from ml_connector.shipbob.spellings import with_whole_numbers

T = TypeVar("T")

UNUSED: Final = frozenset(
    {
        *("package_type", "box_packaging_type", "expected_arrival_date", "box_number"),
        *("box_status", "received_date", "counting_started_date", "on_hand_qty", "is_active"),
        *("is_bundle", "is_case", "variant", "action_reason", "action_type", "action_requested"),
        *("bundle_parent_sku", "cancelled_date", "quantity_committed", "external_line_id"),
        *("substatus", "last_updated", "running_balance", "tax_rate", "invoiced_status"),
    }
)
"""Fields of payloads that no rule uses, for whoever looks at facts: none can fail."""

_PATH: Final = re.compile(r" - at `\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")

Quantity = Annotated[int, msgspec.Meta(ge=0)]
"""Whole sellable eaches."""


class FulfillmentCenter(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse of ShipBob, or a hub (section 9.1). Its address is not read."""

    id: int
    name: str = ""
    timezone: str = ""


class WroLine(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU on a WRO (section 9.4). Quantities are cumulative; stowed is sellable."""

    inventory_id: int
    sku: str | None = None
    expected_quantity: Quantity
    received_quantity: Quantity = 0
    stowed_quantity: Quantity


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """When a WRO came into a status."""

    status: str
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        to_utc(self, "timestamp")


class Wro(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse receiving order (section 9.4, GET /receiving/{id}).

    Attributes:
        status: Awaiting, PartiallyArrived, Arrived, Processing, Completed, Cancelled,
            Incomplete, one of the four of a hub's route, or a new one.
        fulfillment_center: the destination; a hub if the chosen center is supplied through one.
        external_sync_timestamp: set by ``setExternalSync``.
    """

    id: int
    status: str
    purchase_order_number: str | None = None
    package_type: str | None = None
    box_packaging_type: str | None = None
    expected_arrival_date: datetime | None = None
    insert_date: datetime | None = None
    last_updated_date: datetime | None = None
    fulfillment_center: FulfillmentCenter
    final_destination_fulfillment_center_id: int | None = None
    inventory_quantities: tuple[WroLine, ...] = ()
    status_history: tuple[StatusChange, ...] = ()
    external_sync_timestamp: datetime | None = None

    def __post_init__(self) -> None:
        to_utc(
            self,
            "expected_arrival_date",
            "insert_date",
            "last_updated_date",
            "external_sync_timestamp",
        )

    @property
    def behind_hub(self) -> int | None:
        """The center that the goods go to, where it is not the one that the WRO shows."""
        behind = self.final_destination_fulfillment_center_id
        return behind if behind != self.fulfillment_center.id else None

    @property
    def expected(self) -> dict[int, int]:
        """Announced units by inventory id, which may stand in several rows."""
        return _added_up(
            (one.inventory_id, one.expected_quantity) for one in self.inventory_quantities
        )

    @property
    def stowed(self) -> dict[int, int]:
        """Units on the shelf by inventory id, which may stand in several rows."""
        return _added_up(
            (one.inventory_id, one.stowed_quantity) for one in self.inventory_quantities
        )


def _added_up(units: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for inventory_id, quantity in units:
        found[inventory_id] = found.get(inventory_id, 0) + quantity
    return found


class BoxItem(msgspec.Struct, frozen=True, kw_only=True):
    """One inventory id and lot in a box; there is no SKU here (section 9.4)."""

    inventory_id: int
    quantity: Quantity
    received_quantity: Quantity = 0
    stowed_quantity: Quantity
    lot_number: str | None = None
    lot_date: str | None = None

    @property
    def expires_on(self) -> date | None:
        """The lot's expiry date; None where there is none, or it can't be read."""
        return calendar_day(self.lot_date)


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A box, pallet or container of a WRO (section 9.4, GET /receiving/{id}/boxes)."""

    box_id: int
    box_number: int | None = None
    box_status: str = ""
    tracking_number: str | None = None
    arrived_date: datetime | None = None
    received_date: datetime | None = None
    counting_started_date: datetime | None = None
    box_items: tuple[BoxItem, ...] = ()

    def __post_init__(self) -> None:
        to_utc(self, "arrived_date", "received_date", "counting_started_date")


class ExternalSyncResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of ``setExternalSync`` for one WRO (section 9.4, the live shape)."""

    id: int
    is_success: bool
    reason: str = ""


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel of the merchant (section 3.3); an application writes only to its own.

    Attributes:
        scopes: one each; the old form with all scopes in one text is split.
    """

    id: int
    name: str = ""
    application_name: str = ""
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        split = tuple(scope for text in self.scopes for scope in text.split())
        msgspec.structs.force_setattr(self, "scopes", split)

    @property
    def writable(self) -> bool:
        """Whether its application has a scope for writing."""
        return any(scope.endswith("_write") for scope in self.scopes)


class VariantInventory(msgspec.Struct, frozen=True, kw_only=True):
    """The inventory item behind a variant."""

    inventory_id: int | None = None
    on_hand_qty: int | None = None


class LotInformation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether stock is kept by lot; then a WRO needs lot number and date."""

    is_lot: bool = False


class BundleComponent(msgspec.Struct, frozen=True, kw_only=True):
    """A variant within a bundle, and how many of it."""

    variant_id: int
    variant_sku: str | None = None
    quantity: Quantity = 1


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A sellable form of a product; it has the SKU (section 9.2)."""

    id: int
    sku: str | None = None
    name: str = ""
    status: str = ""
    inventory: VariantInventory | None = None
    lot_information: LotInformation | None = None
    bundle_definition: tuple[BundleComponent, ...] = ()
    is_digital: bool = False

    @property
    def is_sold(self) -> bool:
        """Whether units of it can be stowed and shipped: it is active, and no download."""
        return self.status in {"Active", ""} and not self.is_digital


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its variants (section 9.2, GET /product)."""

    id: int
    name: str = ""
    type: str = ""
    variants: tuple[Variant, ...] = ()


class InventoryVariant(msgspec.Struct, frozen=True, kw_only=True):
    """The variant of an inventory item."""

    is_active: bool | None = None
    is_bundle: bool = False
    is_digital: bool = False


class InventoryItem(msgspec.Struct, frozen=True, kw_only=True):
    """The item that WROs, stock and returns refer to (section 9.2, GET /inventory/{id})."""

    inventory_id: int
    sku: str | None = None
    name: str = ""
    barcode: str | None = None
    is_lot: bool = False
    is_case: bool = False
    variant: InventoryVariant | None = None


class WebhookSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription (section 7.1). ``enabled`` is missing when it was just made.

    It does not have the secret: see ``NewSubscription``.
    """

    id: str
    url: str
    topics: tuple[str, ...] = ()
    description: str = ""
    enabled: bool | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        to_utc(self, "created_at")


_NO_YEAR: Final = 1
"""Serialisers of ShipBob's kind write "no date" as 0001-01-01T00:00:00 (section 13)."""

_OF_MOMENTS: Final = ("_date", "_at", "timestamp", "last_updated")
"""How the names of fields end that hold a date and a time of day."""

_OF_DAYS: Final = frozenset({"invoice_date", "charge_date", "lot_date", "from_date", "to_date"})
"""Those of them that hold a day of the calendar (``calendar_day``)."""

# Money stays exact: a number with a fraction is read as Decimal, not as float.
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)


def read(body: bytes) -> object:
    """Read a JSON body into plain values, without the keys that hold nothing.

    That is null, and for a moment also what is none: a text that can't be read, and year 1
    (section 13). What needs the moment finds it missing.

    Raises:
        msgspec.DecodeError: it is not JSON.
    """
    try:
        return _without_nothing(_JSON.decode(body))
    except (UnicodeDecodeError, RecursionError):
        raise msgspec.DecodeError("the text is malformed") from None


def decode(value: object, kind: type[T]) -> T:
    """Turn plain values, as ``read`` gives them, into a payload.

    A field that no rule uses spoils nothing: one of another form than is documented is left out.
    A whole number in another spelling is read as what it is.

    Raises:
        msgspec.ValidationError: they are not such a payload; it names the path.
    """
    while True:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            fault = str(error)
            rest = with_whole_numbers(value, fault) or _without_unused(value, fault)
            if rest is None:
                raise
            value = rest


def _without_unused(value: object, fault: str) -> object | None:
    """Return plain values without the unused field that a fault lies in; None for a used one."""
    path = _PATH.search(fault)
    steps = _STEP.findall(path[1]) if path else []
    unused = next((at for at, (name, _) in enumerate(steps) if name in UNUSED), None)
    if unused is None:
        return None
    copied = copy.deepcopy(value)
    holder: Any = copied
    for name, index in steps[:unused]:
        holder = holder[name or int(index)]
    del holder[steps[unused][0]]
    return copied


def encode(payload: msgspec.Struct) -> bytes:
    """Return the JSON of a request; the same payload always gives the same bytes."""
    return msgspec.json.encode(payload)


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _without_nothing(inner)
            for key, inner in value.items()
            if inner is not None and not _is_no_moment(key, inner)
        }
    if isinstance(value, list):
        return [_without_nothing(inner) for inner in value]
    return value


def _is_no_moment(key: str, value: object) -> bool:
    """Return whether a key is of a moment, and its text is none."""
    if not isinstance(value, str) or not key.endswith(_OF_MOMENTS) or key in _OF_DAYS:
        return False
    try:
        return msgspec.convert(value, datetime).year == _NO_YEAR
    except msgspec.ValidationError:
        return True


def calendar_day(text: str | None) -> date | None:
    """Return the calendar date that a text begins with; None where there is none.

    An expiry date or the date of an invoice is the same day everywhere: whatever time and zone
    follow it, it is never moved.
    """
    try:
        day = date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
    return None if day.year == _NO_YEAR else day


def to_utc(payload: msgspec.Struct, *names: str) -> None:
    """Make these dates of a payload aware and UTC, while it is built.

    Raises:
        ValueError: a date can't be expressed in UTC.
    """
    for name in names:
        moment: datetime | None = getattr(payload, name)
        if moment is None or moment.tzinfo is UTC:
            continue
        try:
            utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{name} is out of range") from None
        msgspec.structs.force_setattr(payload, name, utc)


def be_finite(payload: msgspec.Struct, *names: str) -> None:
    """See that these amounts of a payload are numbers, while it is built.

    Raises:
        ValueError: one is none: ``Decimal`` is also made of the text NaN.
    """
    for name in names:
        amount: Decimal | None = getattr(payload, name)
        if amount is not None and not amount.is_finite():
            raise ValueError(f"{name} is no number")
