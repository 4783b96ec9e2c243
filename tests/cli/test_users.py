"""Users and tokens on the command line."""

import pytest

from acceptance.merchant import Merchant
from cli.conftest import Command


def test_somebody_is_added_listed_changed_and_removed(cli: Command, shop: Merchant) -> None:
    added = cli("user", "add", "dana", "--role", "finance", "--json")
    again = cli("user", "add", "dana", "--role", "viewer")
    listed = cli("user", "list", "--json")
    role = cli("user", "role", "dana", "--role", "warehouse")
    password = cli("user", "password", "dana", "--json")
    sessions = cli("user", "sessions", "dana", "--json")
    out = cli("user", "sign-out", "dana", "--json")
    nobody = cli("user", "sign-out", "nobody")
    removed = cli("user", "remove", "dana")
    gone = cli("user", "remove", "dana")
    acts = [row["what"] for row in shop.rows("select what from act order by id")]

    assert (added.status, added.json["role"]) == (0, "finance")
    assert len(added.json["password"]) >= 10
    assert password.json["password"] != added.json["password"]
    assert (again.status, "already" in again.err) == (1, True)
    found = {user["name"]: user["role"] for user in listed.json["users"]}
    assert found["dana"] == "finance"
    assert (role.status, removed.status, gone.status) == (0, 0, 1)
    assert (sessions.json["sessions"], out.json["sessions_ended"], nobody.status) == ([], 0, 1)
    assert acts[-5:] == [
        *("user.add", "user.role", "user.password", "user.sign-out", "user.remove"),
    ]


def test_the_only_administrator_stays(cli: Command) -> None:
    assert cli("user", "add", "admin", "--role", "admin").status == 0
    removed = cli("user", "remove", "admin")
    demoted = cli("user", "role", "admin", "--role", "viewer")

    assert (removed.status, demoted.status) == (1, 1)
    assert "only administrator" in removed.err
    assert cli("user", "role", "admin", "--role", "admin").status == 0


@pytest.mark.parametrize("name", ["Dana", "", "-x", "a b", "<script>", "x" * 65])
def test_a_name_that_can_not_be_typed_everywhere_is_refused(cli: Command, name: str) -> None:
    assert cli("user", "add", "--role", "viewer", "--", name).status == 1


def test_a_role_that_is_none_is_wrong_usage(cli: Command) -> None:
    assert cli("user", "add", "eve", "--role", "operator").status == 2
    assert cli("token", "add", "x", "--scope", "all").status == 2


def test_a_token_is_shown_once_and_not_kept(cli: Command, shop: Merchant) -> None:
    made = cli("token", "add", "screen", "--scope", "viewer", "--expires", "90d", "--json")
    again = cli("token", "add", "screen", "--scope", "viewer")
    past = cli("token", "add", "old", "--scope", "viewer", "--expires", "2020-01-01")
    listed = cli("token", "list")
    kept = shop.rows("select * from api_token")
    removed = cli("token", "remove", "screen")

    token = made.json["token"]
    assert token.startswith("mlc_")
    assert (made.status, again.status, past.status, removed.status) == (0, 1, 1, 0)
    assert token not in listed.out
    assert token not in str(kept)
    assert token.encode() not in kept[0]["hash"]
    assert "Nobody" not in cli("token", "list").out
