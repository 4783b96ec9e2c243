"""A refresh token is good once: applying files never shows ShipBob a spent one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Answered
from cli.conftest import Command


class Owner:
    """Applies connection files with refresh tokens, and looks at what became of them."""

    def __init__(self, cli: Command, shop: Merchant, folder: Path) -> None:
        self.cli = cli
        self.shop = shop
        self.folder = folder
        self.application = shop.world.application

    def consent(self) -> str:
        return self.shop.world.shipbob.consent(self.application.client_id)

    def apply(self, refresh: str | None, *options: str) -> Answered:
        path = self.shop.connection_file()
        lines = f'client_id = "{self.application.client_id}"\n'
        lines += f'client_secret = "{self.application.client_secret}"\n'
        lines += f'refresh_token = "{refresh}"\n' if refresh else ""
        token = f'token = "{self.shop.world.token}"\n'
        text = path.read_text("utf-8").replace(token, "")
        path.write_text(text.replace("[shipbob]\n", f"[shipbob]\n{lines}"), "utf-8")
        return self.cli("connection", "apply", str(path), *options)

    @property
    def refusals(self) -> int:
        """How often ShipBob refused a renewal, as the books tell it."""
        found = self.shop.rows(
            "select count(*) as n from token where system = 'shipbob' and problem is not null"
        )
        return int(found[0]["n"])

    def revoke(self) -> None:
        for grant in self.shop.world.shipbob.books.access.grants.values():
            grant.revoked = True
        self.shop.world.shipbob.books.access.callers = {
            text: caller
            for text, caller in self.shop.world.shipbob.books.access.callers.items()
            if caller.expires_at is None
        }


@pytest.fixture
def owner(cli: Command, shop: Merchant, tmp_path: Path) -> Iterator[Owner]:
    clean(shop)
    for number in list(shop.world.shipbob.books.access.channels):
        if shop.world.shipbob.books.access.channels[number].application_name == "ml-connector":
            del shop.world.shipbob.books.access.channels[number]
    yield Owner(cli, shop, tmp_path)
    clean(shop)
    shop.apply()


def clean(shop: Merchant) -> None:
    for query in (
        (
            "with gone as (delete from token where system = 'shipbob' returning 1)"
            " select count(*) from gone"
        ),
        "with gone as (delete from refresh_token_seen returning 1) select count(*) from gone",
        (
            "with gone as (delete from secret where field in ('shipbob.refresh_token',"
            " 'shipbob.token') returning 1) select count(*) from gone"
        ),
    ):
        shop.rows(query)


def test_the_same_file_again_changes_nothing_and_goes_on_working(owner: Owner) -> None:
    file_token = owner.consent()
    first = owner.apply(file_token)
    again = owner.apply(file_token)
    pinged = owner.cli("ping", "acme")

    assert (first.status, again.status, pinged.status) == (0, 0, 0), (first, again, pinged)
    assert "unchanged" in again.out
    assert owner.refusals == 0


def test_an_older_file_does_not_bring_its_spent_token_back(owner: Owner) -> None:
    old, new = owner.consent(), owner.consent()
    one_channel(owner)
    owner.apply(old)
    replaced = owner.apply(new)
    older = owner.apply(old)
    pinged = owner.cli("ping", "acme")

    assert replaced.status == 0, replaced
    assert older.status == 0, older
    assert "was used before; the newer one stays in use" in older.out
    assert pinged.status == 0, pinged
    assert owner.refusals == 0


def one_channel(owner: Owner) -> None:
    """Each consent makes a channel; leave one, so that it is clear which is written to."""
    channels = owner.shop.world.shipbob.books.access.channels
    own = [n for n, one in channels.items() if one.application_name == "ml-connector"]
    for number in own[1:]:
        for grant in owner.shop.world.shipbob.books.access.grants.values():
            if grant.channel_id == number:
                grant.channel_id = own[0]
        del channels[number]


def test_a_lost_consent_stays_lost_until_a_new_token_is_applied(owner: Owner) -> None:
    first, second = owner.consent(), owner.consent()
    one_channel(owner)
    owner.apply(first)
    owner.revoke()
    owner.shop.rows(
        "with old as (update token set expires_at = now() where system = 'shipbob' returning 1)"
        " select count(*) from old"
    )
    lost = owner.cli("ping", "acme")
    same = owner.apply(first, "--no-ping")
    still = owner.refusals
    owner.shop.rows(
        "with new as (insert into subject (connection, flow, key, state, cause, waiting_for)"
        " values ('acme', 'receiving', '4242', 'dead', 'credentials_invalid', '{credentials}')"
        " returning 1) select count(*) from new"
    )
    for grant in owner.shop.world.shipbob.books.access.grants.values():
        grant.revoked = False
    healed = owner.apply(second)
    [subject] = owner.shop.rows("select state from subject where key = '4242'")

    assert lost.status == 1
    assert "connection consent" in lost.out
    assert "unchanged" in same.out
    assert still == 1  # nothing was asked again
    assert healed.status == 0, healed
    assert owner.refusals == 0
    assert subject["state"] == "received"
