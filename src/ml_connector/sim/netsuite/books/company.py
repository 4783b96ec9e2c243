"""The simulated NetSuite account: its books, preferences and ledger accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from ml_connector.sim.netsuite.books import periods
from ml_connector.sim.netsuite.books.books import Books, Row, whole
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.netsuite.values.properties import Property
from ml_connector.sim.readings import Readings

ACCOUNTS: Final = {
    "inventory": (901, "1200", "Inventory Asset", "OthCurrAsset"),
    "transit": (902, "1210", "Inventory In Transit", "OthCurrAsset"),
    "accrued": (903, "2100", "Inventory Received Not Billed", "OthCurrLiab"),
    "payable": (904, "2000", "Accounts Payable", "AcctPay"),
    "receivable": (905, "1100", "Accounts Receivable", "AcctRec"),
    "income": (906, "4000", "Sales", "Income"),
    "cogs": (907, "5000", "Cost of Goods Sold", "COGS"),
    "variance": (908, "5100", "Purchase Price Variance", "COGS"),
    "expense": (909, "6000", "Expenses", "Expense"),
}
"""The accounts every company has: role, id, number, name, type. Ids are the simulator's own."""

STOCKED: Final = frozenset({"InvtPart", "Assembly"})
MOVABLE: Final = frozenset({"InvtPart", "Assembly", "NonInvtPart", "Kit"})
"""Item types whose order lines are received or fulfilled, unless the item says otherwise."""

FEATURES: Final = {
    "SUBSIDIARIES": ("OneWorld", "one_world"),
    "MULTILOCINVT": ("Multi-Location Inventory", None),
    "ADVRECEIVING": ("Advanced Receiving", None),
    "ADVSHIPPING": ("Advanced Shipping", None),
    "RETURNAUTHS": ("Return Authorizations", None),
    "INBOUNDSHIPMENT": ("Inbound Shipment Management", "inbound_shipments"),
    "LOTNUMBEREDINVENTORY": ("Lot Tracking", None),
    "BINMANAGEMENT": ("Bin Management", None),
    "UNITSOFMEASURE": ("Multiple Units of Measure", None),
    "PICKPACKSHIP": ("Pick, Pack and Ship", "pick_pack_ship"),
    "OAUTH2": ("OAuth 2.0", None),
    "RESTWEBSERVICES": ("REST Web Services", None),
    "TAX_OVERHAULING": ("SuiteTax", None),
}

TAX_ITEM: Final = 900_001
"""The item of tax lines, in accounts with legacy taxes."""

LineNumbering = Literal["equal", "gaps", "shifted", "sequence"]


def movable(item: Row) -> bool:
    """Whether order lines of an item are received or fulfilled.

    What lies on a shelf always is; other items are marked for it (Can be Fulfilled/Received).
    """
    if item["itemtype"] in STOCKED or item["isfulfillable"] is None:
        return item["itemtype"] in MOVABLE
    return item["isfulfillable"] == "T"


@dataclass(slots=True)
class Preferences:
    """Set-up that changes what NetSuite allows.

    Attributes:
        one_world: subsidiaries exist; otherwise the table and its columns don't.
        over_receipts: more than the open quantity can be received.
        duplicate_bill_numbers: "allow" or "refuse" a vendor's bill number used twice.
        pick_pack_ship: fulfilments start as picked; otherwise they are shipped at once.
        inbound_shipments: the feature is on.
        date_outside_period: "allow" or "refuse" a date outside the chosen posting period.
        negative_stock: plain items can go below zero.
        retry_after: seconds in a Retry-After header of 429; ``None`` sends none (10.2).
        permission_face: "mixed", "403" or "400": how a missing permission looks (9.2).
        line_numbers: of orders (5.2, 15 question 9). ``equal``: REST's ``line`` and ``orderLine``
            are the ids of queries; ``gaps``: they are, and new lines are 1, 4, 9; ``shifted``:
            REST's are one more; ``sequence``: new lines are 1, 4, 9 in queries, and REST counts
            them by their place on the form. A change shows in REST's numbers at once.
    """

    one_world: bool = True
    over_receipts: bool = False
    duplicate_bill_numbers: str = "allow"
    pick_pack_ship: bool = True
    inbound_shipments: bool = True
    date_outside_period: str = "refuse"
    negative_stock: bool = True
    retry_after: int | None = None
    permission_face: str = "mixed"
    line_numbers: LineNumbering = "equal"


@dataclass(slots=True)
class Company:
    """Books with everything that posting needs to know.

    Attributes:
        account_id: as NetSuite shows it, such as ``TSTDRV1234567_SB1``.
        books: the tables.
        preferences: set-up.
        custom_fields: properties the account added, by lower-case name.
        user: id of the integration's user, who makes what comes over the API.
        readings: of what the references leave open.
    """

    account_id: str
    books: Books
    preferences: Preferences
    custom_fields: dict[str, Property] = field(default_factory=dict)
    user: int = -5
    readings: Readings = field(default_factory=Readings)
    _keys: int = 4000
    _items: dict[int, Row] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def set_up(self) -> None:
        """Currency, accounts, periods, statuses and features of a new account."""
        books = self.books
        with books.transaction():
            self.add_currency("USD", Decimal(1), base=True)
            for status_id, name in ((1, "Good"), (2, "Damaged"), (3, "Hold")):
                books.insert(
                    "inventorystatus", {"id": status_id, "name": name, "isinactive": False}
                )
            for account_id, number, name, kind in ACCOUNTS.values():
                self.add_account(account_id, number, name, kind)
            for feature, (name, preference) in FEATURES.items():
                active = getattr(self.preferences, preference) if preference else True
                books.insert(
                    "companyfeaturesetup",
                    {"id": feature, "name": name, "isavailable": True, "isactive": active},
                )
            periods.create_years(books, instants.to_date(books.today()).year)

    def add_currency(self, symbol: str, rate: Decimal, *, base: bool = False) -> int:
        """A currency and its rate into the base currency."""
        return self.books.insert(
            "currency",
            {
                "name": symbol,
                "symbol": symbol,
                "exchangerate": rate,
                "isbasecurrency": base,
                "isinactive": False,
            },
        )

    def add_account(self, account_id: int, number: str, name: str, kind: str) -> int:
        """A ledger account."""
        return self.books.insert(
            "account",
            {
                "id": account_id,
                "acctnumber": number,
                "acctname": name,
                "fullname": name,
                "accttype": kind,
                "isinactive": False,
                "displaynamewithhierarchy": f"{number} {name}".strip(),
            },
        )

    def account(self, role: str) -> int:
        """The id of one of ``ACCOUNTS``."""
        return ACCOUNTS[role][0]

    def next_key(self) -> int:
        """A line unique key that was never used."""
        self._keys += 1
        return self._keys

    def set_feature(self, feature: str, *, active: bool) -> None:
        """Switch a feature of ``FEATURES``; queries see it in companyfeaturesetup.

        Raises:
            KeyError: an unknown feature.
        """
        preference = FEATURES[feature][1]
        if preference is not None:
            setattr(self.preferences, preference, active)
        self.books.update("companyfeaturesetup", {"isactive": active}, id=feature)

    def next_number(self, prefix: str) -> int:
        """The next document number, beginning with 1001."""
        self._numbers[prefix] = self._numbers.get(prefix, 1000) + 1
        return self._numbers[prefix]

    def item(self, item_id: int) -> Row:
        """An item's own row.

        Raises:
            KeyError: there is no such item.
        """
        row = self._items.get(item_id)
        if row is None:
            row = self.books.row("SELECT * FROM _item WHERE id = ?", (item_id,))
            if row is None:
                raise KeyError(f"item {item_id}")
            self._items[item_id] = row
        return row

    def change_item(self, item_id: int, values: Mapping[str, object]) -> None:
        """Change an item's own row."""
        self.books.update("_item", values, id=item_id)
        self._items.pop(item_id, None)

    def asset_account(self, item: Row) -> int:
        """Where an item's stock is in the ledger."""
        return whole(item["assetaccount"] or self.account("inventory"))

    def cost_account(self, item: Row) -> int:
        """Where the cost of a sold item goes."""
        return whole(item["expenseaccount"] or self.account("cogs"))

    def conversion(self, units: object) -> Decimal:
        """How many base units one unit has (13.3); 1 where no unit is named."""
        if units is None:
            return Decimal(1)
        rate = self.books.value(
            "SELECT conversionrate FROM unitstypeuom WHERE internalid = ?", (whole(units),)
        )
        return Decimal(1) if rate is None else exact(rate)

    def base_currency(self) -> int:
        """The company's own currency."""
        return whole(self.books.value("SELECT id FROM currency WHERE isbasecurrency = 'T'"))
