"""No ShipBob account in two live connections, no location of a NetSuite account mapped twice."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.connections import administration
from ml_connector.app.connections.apply import Applied, apply_connection
from ml_connector.app.connections.one_writer import clashes, learn, watch_writers
from ml_connector.app.connections.release import release_connection
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations import month_end
from ml_connector.app.operations.sync import sync_flow
from ml_connector.config import connection as connection_file
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.reconcile.month import Month
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from waiting import until


@pytest.fixture(scope="module")
def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("shop"), url) as made,
    ):
        made.world.netsuite.add_location("Third", internal_id=8, subsidiary=1)
        yield made


@pytest.fixture
def acme(shop: Merchant) -> Iterator[Merchant]:
    """The merchant with one live connection, whose channels are known."""
    shop.rows("update connection set paused = false, held_at = null returning name")
    assert asyncio.run(applied(shop, shop.connection_file())).saved
    yield shop
    shop.rows(
        "update connection set removed_at = now(), channels = null where name <> 'acme'"
        " returning name"
    )
    shop.rows("delete from alarm where kind = 'accounts' returning id")


@pytest.fixture(scope="module")
def other_merchant() -> Iterator[tuple[ShipBobSim, str]]:
    """Another merchant at ShipBob, and where its API is."""
    with ShipBobSim(seed=7) as sim, serve(sim.api) as served:
        for number in range(1000):  # ids of its own
            if (
                sim.books.access.add_channel(
                    name=f"of another {number}", application_name="Other", scopes=()
                ).id
                > 100200
            ):
                break
        for number in [one for one in sim.books.access.channels if one <= 100200]:
            del sim.books.access.channels[number]
        sim.add_fulfillment_center(228, "Center 228")
        yield sim, served.url


def second_file(
    acme: Merchant,
    *,
    locations: str = '"228" = "8"',
    account: str = "TSTDRV1234567_SB1",
    mode: str = "live",
    name: str = "second",
    shipbob: tuple[ShipBobSim, str] | None = None,
) -> Path:
    """Write the file of a connection beside the first one."""
    text = acme.connection_file(mode=mode, locations=locations).read_text("utf-8")
    text = text.replace('name = "acme"', f'name = "{name}"')
    text = text.replace('"TSTDRV1234567_SB1"', f'"{account}"')
    if shipbob is not None:
        sim, url = shipbob
        text = text.replace(acme.world.api_server.url, url)
        text = text.replace(acme.world.token, sim.add_token())
    path = acme.folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    acme.connection_file()
    return path


async def applied(acme: Merchant, path: Path, *, ping: bool = True) -> Applied:
    async with open_installation(acme.settings) as installation:
        return await apply_connection(
            installation, connection_file.read(path), person="test", ping_first=ping
        )


async def named(installation: Installation, name: str) -> AppliedConnection:
    async with installation.database.transaction() as on:
        found = await connections.find(on, name)
    assert found is not None
    return found


def live(acme: Merchant) -> list[str]:
    rows = acme.rows(
        "select name from connection where mode = 'live' and not paused and held_at is null"
        " and removed_at is null order by name"
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize("ping", [True, False])
async def test_a_second_connection_of_the_same_accounts_is_refused(
    acme: Merchant, *, ping: bool
) -> None:
    with pytest.raises(UserError) as refused:
        await applied(acme, second_file(acme), ping=ping)

    assert '"second"' in str(refused.value)
    assert '"acme"' in str(refused.value)
    assert ("list channel" if ping else "can't be told") in str(refused.value)
    assert refused.value.next_step
    assert live(acme) == ["acme"]


@pytest.mark.parametrize(
    "account", ["TSTDRV1234567_SB1", "tstdrv1234567-sb1", "TstDrv1234567-SB1"]
)
async def test_a_location_is_mapped_once_however_the_account_is_spelled(
    acme: Merchant, other_merchant: tuple[ShipBobSim, str], account: str
) -> None:
    path = second_file(acme, locations='"228" = "7"', account=account, shipbob=other_merchant)
    with pytest.raises(
        UserError, match="both map location 7 of NetSuite account TSTDRV1234567_SB1"
    ):
        await applied(acme, path, ping=account == "TSTDRV1234567_SB1")

    assert live(acme) == ["acme"]


async def test_two_merchants_share_an_account_with_locations_of_their_own(
    acme: Merchant, other_merchant: tuple[ShipBobSim, str]
) -> None:
    done = await applied(acme, second_file(acme, shipbob=other_merchant))

    assert done.saved, done
    assert live(acme) == ["acme", "second"]


Act = Callable[[Installation, AppliedConnection], Awaitable[object]]


async def set_live(installation: Installation, second: AppliedConnection) -> None:
    await learn(installation, second.name)
    async with installation.database.transaction() as on:
        await administration.set_mode(installation, on, second, mode="live", by="test")


async def resume(installation: Installation, second: AppliedConnection) -> None:
    await learn(installation, second.name)
    async with installation.database.transaction() as on:
        await administration.set_paused(on, second, paused=False, by="test")


async def release(installation: Installation, second: AppliedConnection) -> None:
    await release_connection(installation, second, by="test")


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("mode = 'dry-run'", set_live),
        ("mode = 'live', paused = true", resume),
        ("mode = 'live', held_at = now()", release),
    ],
)
async def test_a_second_one_does_not_become_live_otherwise(
    acme: Merchant, state: str, act: Act
) -> None:
    await applied(acme, second_file(acme, mode="dry-run"))
    acme.rows(f"update connection set {state} where name = 'second' returning name")  # noqa: S608 - ours
    async with open_installation(acme.settings) as installation:
        second = await named(installation, "second")
        with pytest.raises(UserError, match="of one ShipBob account"):
            await act(installation, second)

    assert live(acme) == ["acme"]


async def test_two_that_are_live_at_an_upgrade_go_on_and_raise_an_alarm(acme: Merchant) -> None:
    await applied(acme, second_file(acme, mode="dry-run"))
    acme.rows("update connection set mode = 'live', channels = null returning name")
    async with open_installation(acme.settings) as installation:
        await watch_writers(installation)
        alarms = acme.rows(
            "select connection, sentence, remedy from alarm where kind = 'accounts'"
            " and ended_at is null order by connection"
        )
        both = live(acme)
        again = await applied(acme, acme.connection_file())
        async with installation.database.transaction() as on:
            await administration.set_mode(
                installation, on, await named(installation, "second"), mode="dry-run", by="test"
            )
        await watch_writers(installation)
    left = acme.rows("select 1 from alarm where kind = 'accounts' and ended_at is null")

    assert both == ["acme", "second"]
    assert [one["connection"] for one in alarms] == ["acme", "second"]
    assert all("both list channel" in one["sentence"] for one in alarms)
    assert all("Leave one of them live" in one["remedy"] for one in alarms)
    assert again.saved
    assert left == []


async def test_of_two_that_become_live_at_once_the_later_one_is_refused(acme: Merchant) -> None:
    await applied(acme, second_file(acme, mode="dry-run"))
    acme.rows("update connection set mode = 'dry-run' returning name")
    async with open_installation(acme.settings) as installation:
        first, later = await named(installation, "acme"), await named(installation, "second")
        await learn(installation, first.name, later.name)
        async with installation.database.transaction() as on:
            await administration.set_mode(installation, on, first, mode="live", by="test")
            other = asyncio.create_task(set_live(installation, later))
            await until(lambda: other.done() or waits_for_the_first(acme))
            still = live(acme)
        [refused] = await asyncio.gather(other, return_exceptions=True)

    assert still == []
    assert isinstance(refused, UserError)
    assert "of one ShipBob account" in str(refused)
    assert live(acme) == ["acme"]


def waits_for_the_first(acme: Merchant) -> bool:
    return bool(
        acme.rows(
            "select 1 from pg_locks where locktype = 'advisory' and not granted and database ="
            " (select oid from pg_database where datname = current_database())"
        )
    )


async def test_an_account_without_channels_may_be_anybodys(
    acme: Merchant, other_merchant: tuple[ShipBobSim, str]
) -> None:
    await applied(acme, second_file(acme, mode="dry-run", shipbob=other_merchant))
    acme.rows(
        "update connection set channels = '{}', mode = 'live' where name = 'second' returning 1"
    )
    async with open_installation(acme.settings) as installation:
        async with installation.database.transaction() as on:
            unknown = await clashes(on, "second")
        await learn(installation)
        async with installation.database.transaction() as on:
            asked = await clashes(on, "second")

    assert [one.what for one in unknown] == ["unknown"]
    assert asked == []


async def test_each_of_two_merchants_proves_its_own_month(
    acme: Merchant, other_merchant: tuple[ShipBobSim, str], tmp_path: Path
) -> None:
    sim, _ = other_merchant
    await applied(acme, second_file(acme, name="north", shipbob=other_merchant))
    ours, theirs = acme.sku("OURS"), "THEIRS-1"
    sim.add_product(theirs)
    acme.world.netsuite.add_item(theirs, cost="4.20")
    sim.create_wro({theirs: 1})  # ShipBob numbers the WROs of all merchants, a simulator its own
    wros = {
        "acme": acme.deliver({ours: 4}),
        "north": sim.complete(
            sim.stow(sim.arrive(sim.create_wro({theirs: 7}, fulfillment_center_id=228)))
        ),
    }
    month = Month(acme.world.netsuite.clock.now().date().replace(day=1))
    reports = {}
    async with open_installation(acme.settings) as installation:
        for name, wro in wros.items():
            known = await named(installation, name)
            await sync_flow(installation, known, FLOWS["receiving"], ids=[str(wro.id)], since=None)
        for name in wros:
            reports[name] = await month_end.reconcile(
                installation,
                await named(installation, name),
                month,
                out=tmp_path / name,
                person="test",
            )

    assert {name: one.report.green for name, one in reports.items()} == {
        "acme": True,
        "north": True,
    }, [one.report.open for one in reports.values()]
    assert acme.books(ours, theirs).netsuite == {(ours, 6): 4, (theirs, 8): 7}


async def test_a_month_shows_what_another_merchant_posted_at_our_location(
    acme: Merchant, other_merchant: tuple[ShipBobSim, str], tmp_path: Path
) -> None:
    sim, _ = other_merchant
    path = second_file(
        acme, locations='"228" = "6"', mode="dry-run", name="south", shipbob=other_merchant
    )
    await applied(acme, path)
    acme.rows("update connection set mode = 'live' where name = 'south' returning name")
    strange = "AT-OURS-1"
    sim.add_product(strange)
    acme.world.netsuite.add_item(strange, cost="4.20")
    wro = sim.complete(
        sim.stow(sim.arrive(sim.create_wro({strange: 3}, fulfillment_center_id=228)))
    )
    month = Month(acme.world.netsuite.clock.now().date().replace(day=1))
    async with open_installation(acme.settings) as installation:
        south = await named(installation, "south")
        await sync_flow(installation, south, FLOWS["receiving"], ids=[str(wro.id)], since=None)
        ended = await month_end.reconcile(
            installation, await named(installation, "acme"), month, out=tmp_path, person="test"
        )

    assert acme.books(strange).netsuite == {(strange, 6): 3}
    assert not ended.report.green
    assert [one.where for one in ended.report.open if one.what == strange] == ["6"]
