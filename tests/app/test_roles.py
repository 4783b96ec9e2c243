import pytest

from ml_connector.app.users import roles
from ml_connector.app.users.roles import RIGHTS, NotAllowed, may
from ml_connector.words import DecisionKind, Role

GOODS_DECISIONS = frozenset({"handled", "separate", "belongs", "not-ours"})

MAY = {
    Role.VIEWER: {"look", "verify", "export"},
    Role.WAREHOUSE: {"again", "replay", "sync", "assign"},
    Role.FINANCE: {
        "map", "handled", "separate", "belongs", "not-ours", "adjust", "correct", "accept", "undo",
        "close",
    },
    Role.ADMIN: {"unseal", "connections", "alarms", "users", "tokens", "keys", "backup"},
}  # fmt: skip
"""What each role may do that the one before it may not."""


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_the_contract_says(role: Role) -> None:
    allowed = {word for one in list(Role)[: list(Role).index(role) + 1] for word in MAY[one]}

    assert {word for word in RIGHTS if may(role, word)} == allowed


@pytest.mark.parametrize("word", sorted(GOODS_DECISIONS))
def test_warehouse_decides_about_goods_parcels_and_returns_only(word: str) -> None:
    allowed = {
        flow
        for flow in ("receiving", "unidentified", "tracking", "returns", "billing", "inventory")
        if may(Role.WAREHOUSE, word, flow=flow)
    }

    assert allowed == {"receiving", "unidentified", "tracking", "returns"}
    assert not may(Role.VIEWER, word, flow="receiving")


def test_warehouse_maps_skus_and_locations_only() -> None:
    tables = ("skus", "locations", "accounts", "policies", "billing.accounts")

    assert [one for one in tables if may(Role.WAREHOUSE, "map", table=one)] == [
        "skus",
        "locations",
    ]


def test_every_decision_has_a_right() -> None:
    assert {kind.value for kind in DecisionKind} <= RIGHTS.keys()


def test_who_may_not_is_told_who_may() -> None:
    with pytest.raises(NotAllowed) as refused:
        roles.check(Role.WAREHOUSE, "close")

    assert "finance" in refused.value.next_step
