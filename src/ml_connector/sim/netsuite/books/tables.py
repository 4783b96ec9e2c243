"""The books as tables, named and shaped like SuiteQL's (reference 5, suiteql-tables.json).

A column's kind decides how it is stored and answered:
``i`` whole number or id, ``n`` number, ``t`` text, ``d`` date, ``m`` date with time, ``b`` T/F.
``i>table`` is a reference, whose display text ``BUILTIN.DF`` answers. Tables and columns that
begin with ``_`` belong to the simulator and can't be seen by any query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind and, for a reference, the table it points to."""

    name: str
    kind: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: as in a query.
        columns: by name, hidden ones too.
        view: the SELECT that makes it up; ``None`` for a real table.
        display: the column that names a row.
    """

    name: str
    columns: Mapping[str, Column]
    view: str | None = None
    display: str | None = None

    @property
    def visible(self) -> list[str]:
        """The columns a query may see, in order."""
        return [name for name in self.columns if not name.startswith("_")]


_AFFINITY: Final = {
    "i": "INTEGER",
    "n": "NUMERIC",
    "t": "TEXT",
    "d": "TEXT",
    "m": "TEXT",
    "b": "TEXT",
}

_REAL: Final[dict[str, str]] = {
    "transaction": "id:key type:t recordtype:t tranid:t transactionnumber:t trandate:d "
    "createddate:m lastmodifieddate:m status:t approvalstatus:i entity:i>entity "
    "subsidiary:i>subsidiary postingperiod:i>accountingperiod posting:b currency:i>currency "
    "exchangerate:n foreigntotal:n total:n memo:t externalid:t otherrefnum:t duedate:d "
    "closedate:d void:b voided:b trackingnumberlist:t shipcarrier:t email:t shippingaddress:i "
    "createdby:i>entity lastmodifiedby:i>entity "
    "_record:t _values:t _created:t _modified:t _location:i",
    "transactionline": "transaction:i>transaction id:i uniquekey:i linesequencenumber:i "
    "mainline:b taxline:b iscogs:b assemblycomponent:b item:i>item quantity:n "
    "units:i>unitstypeuom rate:n amount:n netamount:n foreignamount:n quantityshiprecv:n "
    "quantitybilled:n quantitybackordered:n expectedreceiptdate:d isclosed:b "
    "isinventoryaffecting:b createdfrom:i>transaction location:i>location "
    "subsidiary:i>subsidiary department:i>department class:i>classification entity:i>entity "
    "memo:t _sublist:t _values:t _side:t",
    "transactionaccountingline": "transaction:i>transaction transactionline:i account:i>account "
    "accountingbook:i debit:n credit:n amount:n posting:b amountpaid:n amountunpaid:n",
    "_link": "previousdoc:i previousline:i previoustype:t nextdoc:i nextline:i nexttype:t "
    "linktype:t foreignamount:n quantity:n nextdate:d",
    "_item": "id:key itemid:t fullname:t displayname:t description:t itemtype:t externalid:t "
    "upccode:t isinactive:b isfulfillable:b islotitem:b isserialitem:b usebins:b costingmethod:t "
    "stockunit:i>unitstypeuom purchaseunit:i>unitstypeuom saleunit:i>unitstypeuom "
    "unitstype:i>unitstype parent:i>item matrixtype:t cost:n lastpurchaseprice:n "
    "subsidiary:i>subsidiary lastmodifieddate:m createddate:m assetaccount:i>account "
    "expenseaccount:i>account incomeaccount:i>account _members:t _modified:t",
    "_stock": "item:i>item location:i>location inventorynumber:i>inventorynumber "
    "binnumber:i>bin inventorystatus:i>inventorystatus quantity:n",
    "_cost": "item:i location:i quantity:n worth:n",
    "_move": "transaction:i line:i item:i location:i inventorynumber:i binnumber:i "
    "inventorystatus:i quantity:n worth:n",
    "_inventorynumber": "id:key item:i>item inventorynumber:t expirationdate:d",
    "bin": "id:key binnumber:t location:i>location isinactive:b memo:t",
    "location": "id:key name:t fullname:t subsidiary:i>subsidiary parent:i>location "
    "mainaddress:i>_address isinactive:b externalid:t usebins:b lastmodifieddate:m",
    "_address": "id:key addrtext:t",
    "vendor": "id:key entityid:t companyname:t subsidiary:i>subsidiary externalid:t "
    "isinactive:b currency:i>currency email:t lastmodifieddate:m datecreated:m",
    "customer": "id:key entityid:t companyname:t subsidiary:i>subsidiary externalid:t "
    "isinactive:b currency:i>currency email:t lastmodifieddate:m datecreated:m",
    "entity": "id:key entityid:t altname:t type:t isinactive:b externalid:t",
    "vendorsubsidiaryrelationship": "id:key entity:i>entity subsidiary:i>subsidiary "
    "isprimarysub:b",
    "subsidiary": "id:key name:t fullname:t parent:i>subsidiary country:t currency:i>currency "
    "iselimination:b isinactive:b externalid:t",
    "account": "id:key acctnumber:t acctname:t fullname:t accttype:t isinactive:b "
    "displaynamewithhierarchy:t externalid:t subsidiary:i>subsidiary",
    "accountingperiod": "id:key periodname:t startdate:d enddate:d isposting:b isadjust:b "
    "isquarter:b isyear:b isinactive:b closed:b closedondate:m alllocked:b aplocked:b "
    "arlocked:b allownonglchanges:b parent:i>accountingperiod lastmodifieddate:m",
    "currency": "id:key name:t symbol:t exchangerate:n isbasecurrency:b isinactive:b",
    "unitstype": "id:key name:t",
    "unitstypeuom": "internalid:key unitstype:i>unitstype unitname:t pluralname:t "
    "abbreviation:t conversionrate:n baseunit:b",
    "inventorystatus": "id:key name:t isinactive:b",
    "department": "id:key name:t fullname:t isinactive:b externalid:t",
    "classification": "id:key name:t fullname:t isinactive:b externalid:t",
    "transactionshipment": "doc:i>transaction shippingmethod:i weight:n shippingrate:n "
    "handlingrate:n sourceaddress:i destinationaddress:i",
    "transactionshippingaddress": "nkey:key recordowner:i addressee:t attention:t addr1:t addr2:t "
    "addr3:t city:t state:t zip:t country:t addrphone:t addrtext:t override:b lastmodifieddate:m",
    "itemvendor": "item:i>item vendor:i>vendor subsidiary:i>subsidiary preferredvendor:b "
    "purchaseprice:n vendorcode:t",
    "trackingnumbermap": "transaction:i>transaction trackingnumber:i>trackingnumber",
    "trackingnumber": "id:key trackingnumber:t",
    "deletedrecord": "recordid:i type:t deleteddate:m deletedby:i>entity context:t name:t "
    "scriptid:t iscustomrecord:b",
    "systemnote": "recordid:i recordtypeid:i field:t oldvalue:t newvalue:t date:m "
    "name:i>entity context:t",
    "inboundshipment": "id:key shipmentnumber:t shipmentstatus:t externalid:t "
    "externaldocumentnumber:t expecteddeliverydate:d shipmentmemo:t vesselnumber:t "
    "billoflading:t lastmodifieddate:m createddate:m _values:t _modified:t",
    "inboundshipmentitem": "id:key inboundshipment:i>inboundshipment "
    "purchaseordertransaction:i>transaction shipmentitemtransaction:i quantityexpected:n "
    "quantityreceived:n quantityremaining:n receivinglocation:i>location _values:t",
    "companyfeaturesetup": "id:t name:t isavailable:b isactive:b",
    "dual": "dummy:t",
}

_LINES: Final = (
    "previousdoc:i>transaction previousline:i previoustype:t nextdoc:i>transaction nextline:i "
    "nexttype:t linktype:t foreignamount:n quantity:n nextdate:d"
)
_DOCS: Final = (
    "previousdoc:i>transaction previoustype:t nextdoc:i>transaction nexttype:t linktype:t "
    "foreignamount:n nextdate:d"
)
_LINE_LINKS: Final = "SELECT * FROM _link WHERE previousline <> 0"
_DOC_LINKS: Final = (
    "SELECT previousdoc, previoustype, nextdoc, nexttype, linktype, "
    "SUM(foreignamount) AS foreignamount, MIN(nextdate) AS nextdate FROM _link "
    "GROUP BY previousdoc, previoustype, nextdoc, nexttype, linktype"
)
_OPEN_SALES: Final = (
    "SELECT COALESCE(SUM(-tl.quantity - COALESCE(tl.quantityshiprecv, 0)), 0) "
    'FROM transactionline tl JOIN "transaction" t ON t.id = tl."transaction" '
    "WHERE tl.item = {item} {place} AND t.type IN ('SalesOrd', 'TrnfrOrd') "
    "AND t.status IN ('B', 'D', 'E') AND tl.isclosed = 'F' AND tl.quantity < 0 "
    "AND COALESCE(tl._side, '') <> 'cogs'"
)
_OPEN_PURCHASES: Final = (
    "SELECT COALESCE(SUM(tl.quantity - COALESCE(tl.quantityshiprecv, 0)), 0) "
    'FROM transactionline tl JOIN "transaction" t ON t.id = tl."transaction" '
    "WHERE tl.item = {item} {place} AND t.type = 'PurchOrd' "
    "AND t.status IN ('B', 'D', 'E') AND tl.isclosed = 'F' AND tl.quantity > 0"
)


def _available(item: str, place: str, held: str) -> str:
    committed = _OPEN_SALES.format(item=item, place=place)
    return f"{held} - MAX(0, MIN({held}, ({committed})))"


def _item_view() -> str:
    held = "COALESCE((SELECT SUM(s.quantity) FROM _stock s WHERE s.item = i.id), 0)"
    worth = "(SELECT SUM(c.worth) FROM _cost c WHERE c.item = i.id)"
    count = "(SELECT SUM(c.quantity) FROM _cost c WHERE c.item = i.id)"
    stocked = "i.itemtype IN ('InvtPart', 'Assembly')"
    order = _OPEN_PURCHASES.format(item="i.id", place="")
    # SQL made of this file's own constants only, here and below.
    return (
        f"SELECT i.*, CASE WHEN {stocked} THEN {held} END AS quantityonhand, "  # noqa: S608
        f"CASE WHEN {stocked} THEN {_available('i.id', '', held)} END AS quantityavailable, "
        f"CASE WHEN {stocked} THEN ({order}) END AS quantityonorder, "
        f"CASE WHEN {count} > 0 THEN 1.0 * {worth} / {count} END AS averagecost FROM _item i"
    )


def _stock_view() -> str:
    place = "AND tl.location = s.location"
    return (
        "SELECT s.item, s.location, s.quantityonhand, "  # noqa: S608
        f"{_available('s.item', place, 's.quantityonhand')} AS quantityavailable, "
        f"({_OPEN_PURCHASES.format(item='s.item', place=place)}) AS quantityonorder, "
        f"MAX(0, MIN(s.quantityonhand, ({_OPEN_SALES.format(item='s.item', place=place)}))) "
        "AS quantitycommitted, 0 AS quantityintransit, "
        "(SELECT CASE WHEN c.quantity > 0 THEN 1.0 * c.worth / c.quantity END FROM _cost c "
        "WHERE c.item = s.item AND c.location = s.location) AS averagecostmli "
        "FROM (SELECT item, location, SUM(quantity) AS quantityonhand FROM _stock "
        "GROUP BY item, location) s"
    )


_STOCK_COLUMNS: Final = (
    "item:i>item location:i>location quantityonhand:n quantityavailable:n quantityonorder:n "
    "quantitycommitted:n quantityintransit:n averagecostmli:n"
)

_VIEWS: Final[dict[str, tuple[str, str]]] = {
    "kititemmember": (
        "parentitem:i>item item:i>item quantity:n linenumber:i",
        (
            "SELECT i.id AS parentitem, CAST(m.key AS INTEGER) AS item, "
            "CAST(m.value AS NUMERIC) AS quantity, "
            "ROW_NUMBER() OVER (PARTITION BY i.id ORDER BY m.id) AS linenumber "
            "FROM _item i, json_each(i._members) m"
        ),
    ),
    "item": (
        _REAL["_item"] + " quantityonhand:n quantityavailable:n quantityonorder:n averagecost:n",
        _item_view(),
    ),
    "previoustransactionlinelink": (_LINES, _LINE_LINKS),
    "nexttransactionlinelink": (_LINES, _LINE_LINKS),
    "previoustransactionlink": (_DOCS, _DOC_LINKS),
    "nexttransactionlink": (_DOCS, _DOC_LINKS),
    "inventoryitemlocations": (_STOCK_COLUMNS, _stock_view()),
    "aggregateitemlocation": (_STOCK_COLUMNS, _stock_view()),
    "inventorybalance": (
        (
            "item:i>item location:i>location binnumber:i>bin inventorynumber:i>inventorynumber "
            "inventorystatus:i>inventorystatus quantityonhand:n quantityavailable:n"
        ),
        (
            "SELECT item, location, binnumber, inventorynumber, inventorystatus, "
            "quantity AS quantityonhand, quantity AS quantityavailable FROM _stock "
            "WHERE quantity <> 0"
        ),
    ),
    "inventorynumber": (
        "id:i item:i>item inventorynumber:t expirationdate:d quantityonhand:n",
        (
            "SELECT n.*, COALESCE((SELECT SUM(s.quantity) FROM _stock s "
            "WHERE s.inventorynumber = n.id), 0) AS quantityonhand FROM _inventorynumber n"
        ),
    ),
    "itembinquantity": (
        "item:i>item bin:i>bin onhand:n preferredbin:b",
        (
            "SELECT item, binnumber AS bin, SUM(quantity) AS onhand, 'F' AS preferredbin "
            "FROM _stock WHERE binnumber IS NOT NULL GROUP BY item, binnumber"
        ),
    ),
}

_DISPLAY: Final = {
    "transaction": "transactionnumber",
    "item": "itemid",
    "_item": "itemid",
    "location": "name",
    "_address": "addrtext",
    "vendor": "entityid",
    "customer": "entityid",
    "entity": "entityid",
    "subsidiary": "name",
    "account": "displaynamewithhierarchy",
    "accountingperiod": "periodname",
    "currency": "name",
    "unitstype": "name",
    "unitstypeuom": "unitname",
    "inventorynumber": "inventorynumber",
    "bin": "binnumber",
    "inventorystatus": "name",
    "department": "name",
    "classification": "name",
    "trackingnumber": "trackingnumber",
    "inboundshipment": "shipmentnumber",
}

_INDEXES: Final = (
    'CREATE INDEX _t_ext ON "transaction"(externalid)',
    'CREATE INDEX _t_tranid ON "transaction"(tranid)',
    'CREATE INDEX _t_type ON "transaction"(type, status)',
    'CREATE INDEX _t_mod ON "transaction"(lastmodifieddate)',
    'CREATE UNIQUE INDEX _tl ON transactionline("transaction", id)',
    "CREATE INDEX _tl_item ON transactionline(item)",
    "CREATE INDEX _tl_from ON transactionline(createdfrom)",
    "CREATE UNIQUE INDEX _tl_key ON transactionline(uniquekey)",
    'CREATE INDEX _tal ON transactionaccountingline("transaction", transactionline)',
    "CREATE INDEX _link_previous ON _link(previousdoc, previousline)",
    "CREATE INDEX _link_next ON _link(nextdoc, nextline)",
    "CREATE INDEX _stock_at ON _stock(item, location, inventorynumber, binnumber)",
    "CREATE UNIQUE INDEX _cost_at ON _cost(item, location)",
    'CREATE INDEX _move_of ON _move("transaction")',
    "CREATE INDEX _item_name ON _item(itemid)",
    "CREATE UNIQUE INDEX _number ON _inventorynumber(item, inventorynumber)",
    'CREATE INDEX _tracking ON trackingnumbermap("transaction")',
    "CREATE INDEX _shipment ON inboundshipmentitem(inboundshipment)",
)


def _columns(spec: str) -> dict[str, Column]:
    found = {}
    for word in spec.split():
        name, _, kind = word.partition(":")
        kind, _, target = kind.partition(">")
        found[name] = Column(name, "i" if kind == "key" else kind, target or None)
    return found


@cache
def tables() -> Mapping[str, Table]:
    """All tables by name, the simulator's own too."""
    found = {
        name: Table(name, _columns(spec), display=_DISPLAY.get(name))
        for name, spec in _REAL.items()
    }
    for name, (spec, view) in _VIEWS.items():
        found[name] = Table(name, _columns(spec), view, _DISPLAY.get(name))
    return found


def ddl() -> list[str]:
    """The statements that make the books."""
    statements = []
    for name, spec in _REAL.items():
        parts = []
        for word in spec.split():
            column, _, kind = word.partition(":")
            affinity = "INTEGER PRIMARY KEY" if kind == "key" else _AFFINITY[kind[0]]
            parts.append(f'"{column}" {affinity}')
        statements.append(f'CREATE TABLE "{name}" ({", ".join(parts)})')
    statements += _INDEXES
    # SQL made of this file's own constants only.
    statements += [f'CREATE VIEW "{name}" AS {view}' for name, (_, view) in _VIEWS.items()]
    statements.append("INSERT INTO dual VALUES ('X')")
    return statements
