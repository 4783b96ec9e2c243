"""The permissions that the integration role needs, and how each can be checked.

Netsuite.md section 12.2 and schemas/permissions.json; the levels are what the documentation
suggests. A permission is checked by reading: a record type's collection
(``GET /record/v1/{type}?limit=1``, section 6.1) or one row of a table (section 4.5). That shows
whether there is any access at all. A level that is too low for creating shows only when
something is created.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ml_connector.netsuite.queries.setup import Table

Level = Literal["View", "Create", "Edit", "Full"]
Use = Literal["always", "billing", "OneWorld", "rotation", "transfers"]


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A permission of the role.

    Attributes:
        name: as NetSuite shows it.
        tab: the tab of the role's page where it stands.
        level: the lowest level that is enough.
        why: its purpose.
        use: when it is needed.
        flows: the keys under ``[flows]`` that need it, one of which must be on; none: whatever
            is on.
        record_type: the type whose collection shows whether the role has the permission.
        table: the table whose rows show it, when there is no such record type.
    """

    name: str
    tab: Literal["Setup", "Reports", "Lists", "Transactions"]
    level: Level
    why: str
    use: Use = "always"
    flows: frozenset[str] = frozenset()
    record_type: str = ""
    table: Table | None = None


ROLE_PAGE: Final = "docs/reference/netsuite-role.md lists all that are needed, and why."

GOODS_IN: Final = frozenset({"receiving", "purchase_orders"})
"""The keys under ``[flows]`` of the flows that read purchase orders."""

PERMISSIONS: Final = (
    Permission(
        name="REST Web Services", tab="Setup", level="Full", why="every call but the sign-in"
    ),
    Permission(
        name="Log in using OAuth 2.0 Access Tokens", tab="Setup", level="Full", why="the sign-in"
    ),
    Permission(
        name="Manage own OAuth 2.0 Client Credentials Certificates",
        tab="Setup",
        level="Full",
        why="renewing the certificate without a person",
        use="rotation",
    ),
    Permission(
        name="Manage Accounting Periods",
        tab="Setup",
        level="View",
        why="choosing an open posting period before anything is posted",
        table="accountingperiod",
    ),
    Permission(
        name="SuiteAnalytics Workbook", tab="Reports", level="Edit", why="every SuiteQL query"
    ),
    Permission(
        name="Items",
        tab="Lists",
        level="View",
        why="finding the item of a SKU, its units and whether it has lots",
        table="item",
    ),
    Permission(
        name="Locations",
        tab="Lists",
        level="View",
        why="checking the locations that fulfillment centers are mapped to; their subsidiaries",
        table="location",
    ),
    Permission(
        name="Accounts",
        tab="Lists",
        level="View",
        why="checking the accounts that are posted to",
        table="account",
    ),
    Permission(
        name="Vendors",
        tab="Lists",
        level="View",
        why="checking the vendor of ShipBob's bills",
        use="billing",
        table="vendor",
    ),
    Permission(
        name="Subsidiaries",
        tab="Lists",
        level="View",
        why="documents that name a subsidiary",
        use="OneWorld",
        table="subsidiary",
    ),
    Permission(
        name="Find Transaction",
        tab="Transactions",
        level="View",
        why="finding orders and what was posted from them",
        table="transaction",
    ),
    Permission(
        name="Purchase Order",
        tab="Transactions",
        level="View",
        why="reading what is ordered",
        flows=GOODS_IN,
        record_type="purchaseOrder",
    ),
    Permission(
        name="Transfer Order",
        tab="Transactions",
        level="View",
        why="announcing what is moved to a location of ShipBob's",
        use="transfers",
        record_type="transferOrder",
    ),
    Permission(
        name="Receive Order",
        tab="Transactions",
        level="Edit",
        why="turning a purchase order into an item receipt",
        flows=frozenset({"receiving"}),
    ),
    Permission(
        name="Item Receipt",
        tab="Transactions",
        level="Edit",
        why="posting what was stowed, and finding it again",
        flows=frozenset({"receiving", "returns"}),
        record_type="itemReceipt",
    ),
    Permission(
        name="Adjust Inventory",
        tab="Transactions",
        level="Create",
        why="stock without an order, surplus, write-offs",
        flows=frozenset({"receiving", "tracking", "returns"}),
        record_type="inventoryAdjustment",
    ),
    Permission(
        name="Sales Order",
        tab="Transactions",
        level="View",
        why="finding the order of a shipment or a return",
        flows=frozenset({"tracking", "returns"}),
        record_type="salesOrder",
    ),
    Permission(
        name="Fulfill Orders",
        tab="Transactions",
        level="Edit",
        why="turning a sales order into an item fulfillment",
        flows=frozenset({"tracking"}),
    ),
    Permission(
        name="Item Fulfillment",
        tab="Transactions",
        level="Edit",
        why="posting shipments and their tracking numbers",
        flows=frozenset({"tracking"}),
        record_type="itemFulfillment",
    ),
    Permission(
        name="Return Authorization",
        tab="Transactions",
        level="Create",
        why="returns that have no authorization yet",
        flows=frozenset({"returns"}),
        record_type="returnAuthorization",
    ),
    Permission(
        name="Receive Returns",
        tab="Transactions",
        level="Edit",
        why="turning a return authorization into an item receipt",
        flows=frozenset({"returns"}),
    ),
    Permission(
        name="Bills",
        tab="Transactions",
        level="Create",
        why="ShipBob's invoices",
        use="billing",
        record_type="vendorBill",
    ),
    Permission(
        name="Enter Vendor Credits",
        tab="Transactions",
        level="Create",
        why="ShipBob's credits",
        use="billing",
        record_type="vendorCredit",
    ),
)

EXCESS: Final = {
    "customer": "Customers",
    "inventoryTransfer": "Transfer Inventory",
    "inboundShipment": "Inbound Shipment",
}
"""Record types that the connector does not use, by their permission. A role that sees one has
more permissions than it needs; but for transfers, where a hub has a location of its own."""
