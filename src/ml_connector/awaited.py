"""What a stopped subject waits for: one type with one text form.

The texts are stored with subjects and shown to people, such as ``sku:NEW-7731-XL``, so a kind
is added, never renamed. Which flow waits for a kind, and how anybody sees that one has
appeared, is the flow's own knowledge: ``Flow.wakings``.
"""

from enum import StrEnum


class AwaitedKind(StrEnum):
    """Which kind of thing is awaited."""

    SKU = "sku"
    ITEM = "item"
    PRODUCT = "product"
    PURCHASE_ORDER = "purchase_order"
    APPROVED_ORDER = "approved_order"
    ORDER_NUMBER = "order_number"
    CHANGED_PURCHASE_ORDER = "changed_purchase_order"
    ENDED_WRO = "ended_wro"
    CANCELLED_WRO = "cancelled_wro"
    SALES_ORDER = "sales_order"
    OPEN_SALES_ORDER = "open_sales_order"
    FULFILLMENT = "fulfillment"
    FULFILLED_UNITS = "fulfilled_units"
    CHANGED_SALES_ORDER = "changed_sales_order"
    RETURN_AUTHORIZATION = "return_authorization"
    ORDER_LINES = "order_lines"
    URO = "uro"
    PERIOD = "period"
    BILL_PERIOD = "bill_period"

    LOCATION = "location"
    ACCOUNT = "account"
    POLICY = "policy"
    VENDOR = "vendor"
    CURRENCY = "currency"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"

    # What ShipBob did not know when it was asked for it.
    WRO = "wro"
    ORDER = "order"
    SHIPMENT = "shipment"
    RETURN = "return"
    INVOICE = "invoice"
    INVENTORY = "inventory"
    WEBHOOK = "webhook"

    def named(self, name: object) -> "Awaited":
        """Return one thing of this kind, by the name that tells it from others."""
        return Awaited(f"{self}:{name}")

    @property
    def any_one(self) -> "Awaited":
        """Whatever thing of this kind, such as working credentials."""
        return Awaited(self)


class Awaited(str):
    """One awaited thing, in its text form: ``sku:NEW-7731-XL``, or ``credentials`` alone."""

    __slots__ = ()

    @property
    def kind(self) -> AwaitedKind:
        """Which kind of thing it is.

        Raises:
            ValueError: the text names no kind of this build.
        """
        return AwaitedKind(self.partition(":")[0])

    @property
    def is_of_this_build(self) -> bool:
        """Whether its kind is one that this build knows."""
        return self.partition(":")[0] in set(AwaitedKind)

    @property
    def name(self) -> str:
        """What tells it from others of its kind; empty where any one will do."""
        return self.partition(":")[2]
