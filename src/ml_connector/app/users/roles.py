"""Which role may do what. The only place that knows it: console and API ask here."""

from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.errors import UserError
from ml_connector.words import DecisionKind, Role

GOODS: Final = frozenset({"receiving", "unidentified", "tracking", "returns"})
"""The flows of goods and parcels, which the people of a warehouse know about."""

WAREHOUSE_MAPS: Final = frozenset({"skus", "locations"})
"""The tables of a connection file into which the people of a warehouse may map."""

_RANK: Final = MappingProxyType({role: rank for rank, role in enumerate(Role)})


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do something.

    Attributes:
        role: the lowest role that may.
        warehouse_flows: flows of whose subjects warehouse may as well.
        warehouse_tables: tables of the connection file in which warehouse may as well.
    """

    role: Role
    warehouse_flows: frozenset[str] = frozenset()
    warehouse_tables: frozenset[str] = frozenset()


_GOODS_TOO: Final = Right(role=Role.FINANCE, warehouse_flows=GOODS)

RIGHTS: Final = MappingProxyType(
    {
        "look": Right(role=Role.VIEWER),
        DecisionKind.AGAIN.value: Right(role=Role.WAREHOUSE),
        "replay": Right(role=Role.WAREHOUSE),
        "sync": Right(role=Role.WAREHOUSE),
        "assign": Right(role=Role.WAREHOUSE),
        DecisionKind.MAP.value: Right(role=Role.FINANCE, warehouse_tables=WAREHOUSE_MAPS),
        DecisionKind.HANDLED.value: _GOODS_TOO,
        DecisionKind.SEPARATE.value: _GOODS_TOO,
        DecisionKind.BELONGS.value: _GOODS_TOO,
        DecisionKind.NOT_OURS.value: _GOODS_TOO,
        DecisionKind.ADJUST.value: Right(role=Role.FINANCE),
        DecisionKind.CORRECT.value: Right(role=Role.FINANCE),
        DecisionKind.ACCEPT.value: Right(role=Role.FINANCE),
        "undo": Right(role=Role.FINANCE),
        "close": Right(role=Role.FINANCE),
        "verify": Right(role=Role.VIEWER),
        "export": Right(role=Role.VIEWER),
        "unseal": Right(role=Role.ADMIN),
        "connections": Right(role=Role.ADMIN),
        "alarms": Right(role=Role.ADMIN),
        "users": Right(role=Role.ADMIN),
        "tokens": Right(role=Role.ADMIN),
        "keys": Right(role=Role.ADMIN),
        "backup": Right(role=Role.ADMIN),
    }
)
"""By what is done. To take a decision back is the right of whoever may make it."""


class NotAllowed(UserError):
    """The one who asks may not do that."""


def may(role: Role, word: str, *, flow: str = "", table: str = "") -> bool:
    """Return whether a role may do something. Pure.

    Args:
        role: of the one who asks.
        word: a key of ``RIGHTS``, such as the word of a decision.
        flow: of the subject, where it is about one.
        table: of the connection file, where something is mapped.
    """
    right = RIGHTS[word]
    if _RANK[role] >= _RANK[right.role]:
        return True
    if role is not Role.WAREHOUSE:
        return False
    return flow in right.warehouse_flows or table in right.warehouse_tables


def check(role: Role, word: str, *, flow: str = "", table: str = "") -> None:
    """See that a role may do something; arguments as for ``may``.

    Raises:
        NotAllowed: it may not; the text says which role may.
    """
    if not may(role, word, flow=flow, table=table):
        right = RIGHTS[word]
        raise NotAllowed(
            f"The role {role} may not do that",
            where=word,
            next_step=f"Somebody with the role {right.role} can, or an administrator gives you"
            " that role.",
        )
