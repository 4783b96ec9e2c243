"""Roles and their permissions, and how NetSuite says that one is missing (4.5, 9.2, 12.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from ml_connector.sim.netsuite.suiteql.resolver import Hidden
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES
from ml_connector.sim.netsuite.values.refusal import Refusal

Level = Literal["view", "create", "edit", "full"]
Action = Literal["view", "create", "edit", "delete"]

ADMINISTRATOR: Final = 3
LEVELS: Final[tuple[Level, ...]] = ("view", "create", "edit", "full")
_NEEDED: Final[Mapping[Action, Level]] = {
    "view": "view",
    "create": "create",
    "edit": "edit",
    "delete": "full",
}

REST: Final = "ADMI_RESTWEBSERVICES"
OAUTH: Final = "ADMI_LOGIN_OAUTH2"
ANALYTICS: Final = "REPO_ANALYTICS"
CERTIFICATES: Final = "ADMI_MANAGE_OWN_CERTIFICATES"
FIND: Final = "TRAN_FIND"

TRANSFORMS: Final[Mapping[tuple[str, str], str]] = {
    ("purchaseOrder", "itemReceipt"): "TRAN_PURCHORDRECEIVE",
    ("returnAuthorization", "itemReceipt"): "TRAN_RTNAUTHRECEIVE",
    ("salesOrder", "itemFulfillment"): "TRAN_SALESORDFULFILL",
}
"""What a transform needs beside the target record's own permission (12.2)."""

TABLES: Final[Mapping[str, str]] = {
    "transaction": FIND,
    "transactionline": FIND,
    "transactionaccountingline": FIND,
    "transactionshippingaddress": FIND,
    "previoustransactionlinelink": FIND,
    "nexttransactionlinelink": FIND,
    "previoustransactionlink": FIND,
    "nexttransactionlink": FIND,
    "item": "LIST_ITEM",
    "itemvendor": "LIST_ITEM",
    "inventoryitemlocations": "LIST_ITEM",
    "aggregateitemlocation": "LIST_ITEM",
    "inventorybalance": "LIST_ITEM",
    "inventorynumber": "LIST_ITEM",
    "itembinquantity": "LIST_ITEM",
    "location": "LIST_LOCATION",
    "vendor": "LIST_VENDOR",
    "vendorsubsidiaryrelationship": "LIST_VENDOR",
    "customer": "LIST_CUSTJOB",
    "subsidiary": "LIST_SUBSIDIARY",
    "account": "LIST_ACCOUNT",
    "accountingperiod": "ADMI_ACCTPERIODS",
    "inboundshipment": "LIST_INBOUNDSHIPMENT",
    "inboundshipmentitem": "LIST_INBOUNDSHIPMENT",
    "companyfeaturesetup": "ADMI_FEATURES",
}
"""The permission that opens a SuiteQL table. Keys that permissions.json doesn't have
(``TRAN_FIND``, ``LIST_ACCOUNT``, ``LIST_CUSTJOB``, ``TRAN_SALESORDFULFILL``, ``ADMI_FEATURES``,
``TRAN_PURCHORD``, ``ADMI_MANAGE_OWN_CERTIFICATES``) are the simulator's own."""


def all_keys() -> frozenset[str]:
    """Every permission the simulator knows."""
    records = {kind.permission for kind in RECORD_TYPES.values()}
    own = {REST, OAUTH, ANALYTICS, CERTIFICATES}
    return frozenset(records | own | set(TABLES.values()) | set(TRANSFORMS.values()))


@dataclass(frozen=True)
class Role:
    """A role: permission keys with their levels. Immutable, so its view can be remembered."""

    id: int
    name: str
    permissions: Mapping[str, Level]
    unseen_items: frozenset[int] = frozenset()
    unseen_names: frozenset[str] = frozenset()

    def may(self, key: str, level: Level = "view") -> bool:
        """Whether the role has a permission at this level or above."""
        if self.id == ADMINISTRATOR or not key:
            return True
        held = self.permissions.get(key)
        return held is not None and LEVELS.index(held) >= LEVELS.index(level)

    @cached_property
    def hidden(self) -> Hidden:
        """The tables and transaction types that SuiteQL doesn't show."""
        return Hidden(
            tables=frozenset(table for table, key in TABLES.items() if not self.may(key))
            | {name for name in self.unseen_names if "." not in name},
            columns=frozenset(name for name in self.unseen_names if "." in name),
            types=frozenset(
                kind.code
                for kind in RECORD_TYPES.values()
                if kind.code and not self.may(kind.permission)
            ),
            items=self.unseen_items,
        )


@dataclass(slots=True)
class Roles:
    """The account's roles.

    Attributes:
        face: how a missing permission looks: "403", "400", or "mixed" (reads 400, writes 403).
    """

    face: str = "mixed"
    known: dict[int, Role] = field(default_factory=dict)

    def add(self, role_id: int, name: str, permissions: Mapping[str, Level] | None = None) -> Role:
        """Add or replace a role; without permissions it has all of them in full."""
        held = dict.fromkeys(all_keys(), "full") if permissions is None else dict(permissions)
        role = Role(role_id, name, held)  # type: ignore[arg-type] # fromkeys widens the literal
        self.known[role_id] = role
        return role

    def withdraw(self, role_id: int, keys: Iterable[str]) -> Role:
        """Take permissions from a role."""
        role = self.known[role_id]
        gone = set(keys)
        kept = {key: level for key, level in role.permissions.items() if key not in gone}
        self.known[role_id] = replace(role, permissions=kept)
        return self.known[role_id]

    def hide_item(self, role_id: int, item: int) -> None:
        """Let a role not see an item in queries."""
        role = self.known[role_id]
        self.known[role_id] = replace(role, unseen_items=role.unseen_items | {item})

    def hide_names(self, role_id: int, names: Iterable[str]) -> None:
        """Let a role not see tables, or columns as ``table.column``, in queries (4.5)."""
        role = self.known[role_id]
        unseen = role.unseen_names | {name.lower() for name in names}
        self.known[role_id] = replace(role, unseen_names=unseen)

    def get(self, role_id: int) -> Role:
        """The role of a token; one nobody set up may do everything."""
        return self.known.get(role_id) or self.add(role_id, f"Role {role_id}")

    def require(self, role: Role, key: str, action: Action) -> None:
        """Refuse where the role lacks a permission.

        Raises:
            Refusal: one of the two faces of reference 9.2.
        """
        if role.may(key, _NEEDED[action]):
            return
        as_400 = self.face == "400" or (self.face == "mixed" and action == "view")
        raise permission_missing(as_400=as_400)


def permission_missing(*, as_400: bool) -> Refusal:
    """403 INSUFFICIENT_PERMISSION or, disguised, 400 USER_ERROR."""
    text = "Your current role does not have permission to perform this action."
    if as_400:
        return Refusal(400, "USER_ERROR", text)
    return Refusal(403, "INSUFFICIENT_PERMISSION", text)
