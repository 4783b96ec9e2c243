"""One connection whose rows somebody damaged never stops what is done for the others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered, working
from ml_connector.app.alarms.sending import tell
from ml_connector.app.alarms.watch import watch_books
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.chores.sweeps import sweep_what_is_due
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.sign_in.certificate_expiry import CertificateClock
from ml_connector.app.sign_in.token_renewal import renew_tokens
from ml_connector.app.webhooks.watch import watch_webhooks
from ml_connector.config import connection as connection_file
from ml_connector.config.connection import ConnectionSettings
from waiting import wait_until

BROKEN = "aaa"
"""Comes first in every list."""

DAMAGES = {
    "the ciphertext of its secrets": "update secret set ciphertext = set_byte(ciphertext, 20,"
    " get_byte(ciphertext, 20) # 1) where connection = 'aaa'",
    "the wrapped keys of its secrets": "update secret set wrapped_key = set_byte(wrapped_key,"
    " 20, get_byte(wrapped_key, 20) # 1) where connection = 'aaa'",
    "a master key that nobody has": "update secret set key_id = 'deadbeef'"
    " where connection = 'aaa'",
    "settings that say nothing": "update connection set settings = '{}' where name = 'aaa'",
    "settings that are no table": "update connection set settings = '[1]' where name = 'aaa'",
    "limits of another form": "update connection set settings = jsonb_set(settings::jsonb,"
    " '{limits}', '{\"netsuite_concurrency\": \"many\"}') where name = 'aaa'",
    "a schedule of another form": "update connection set settings = jsonb_set(settings::jsonb,"
    " '{schedule}', '7') where name = 'aaa'",
    "the ciphertext of its tokens": "update token set ciphertext = set_byte(ciphertext, 20,"
    " get_byte(ciphertext, 20) # 1) where connection = 'aaa'",
    "what was noted of a renewal": "update token set problem = '{\"what\": 1}'"
    " where connection = 'aaa'",
    "what subscriptions were like": "insert into webhook_look (connection, looked_at, groups)"
    " values ('aaa', now(), '[[1]]')",
    "what a subject waits for": "insert into subject (connection, flow, key, state, cause,"
    " waiting_for) values ('aaa', 'receiving', '5', 'parked', 'made_up', '{made_up:1,sku}')"
    " on conflict (connection, flow, key) do update set state = 'parked', cause = 'made_up',"
    " waiting_for = '{made_up:1,sku}'",
    "an alarm of a kind that there is not": "insert into alarm (connection, kind, key, sentence,"
    " remedy, raised_at, last_raised_at) values"
    " ('aaa', 'made_up', 'stopped:x', 'A', 'B', now(), now())",
}

READABLE = {
    "the ciphertext of its tokens",
    "what was noted of a renewal",
    "what subscriptions were like",
    "what a subject waits for",
    "an alarm of a kind that there is not",
}
"""Damages that nobody needs to mend: what can't be read of them is left aside."""


@pytest.fixture(scope="module")
def both(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant whose connection ``acme`` has a neighbour, ``aaa``, like it."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("both"), url) as made,
    ):
        made.world.shipbob.add_product("TEE")
        yield made


@pytest.fixture
async def installation(both: Merchant) -> AsyncIterator[Installation]:
    """The installation, both connections applied anew and nothing wrong yet."""
    forgotten = ("alarm_message", "alarm", "turn", "token", "webhook_look", "webhook_refusal")
    _write(both, "update subject set state = 'done', waiting_for = '{}'")
    for table in forgotten:
        _write(both, f"delete from {table}")  # noqa: S608 - one of the names above
    async with open_installation(both.settings) as before:
        hears = both.connection_file(alarms='urls = ["json://127.0.0.1:9/x"]')
        await _apply(before, _settings(hears, "acme"))
        await _apply(before, _settings(both.connection_file(mode="dry-run"), BROKEN))
        await renew_tokens(before, ConnectionContexts(before))
    _write(both, "update token set obtained_at = now() - interval '1 year'")
    async with open_installation(both.settings) as opened:
        yield opened


async def _apply(installation: Installation, settings: ConnectionSettings) -> None:
    await apply_connection(installation, settings, person="test", ping_first=False)


def _settings(path: Path, name: str) -> ConnectionSettings:
    path.write_text(path.read_text("utf-8").replace('name = "acme"', f'name = "{name}"'), "utf-8")
    return connection_file.read(path)


def _write(both: Merchant, statement: str) -> None:
    assert both.database_url is not None
    with psycopg.connect(both.database_url, autocommit=True) as connection:
        connection.execute(statement.encode())


_STOPPED = """
    insert into subject (connection, flow, key, state, cause, sentence, remedy, waiting_for)
    values
        ('acme', 'receiving', '1', 'parked', 'sku_missing_in_netsuite', 'S', 'R', '{{sku:{0}}}'),
        ('acme', 'receiving', '2', 'dead', 'bug', 'S', 'R', '{{}}')
    on conflict (connection, flow, key) do update set state = excluded.state,
        cause = excluded.cause, waiting_for = excluded.waiting_for, changed_at = now()
"""


@pytest.mark.parametrize("damage", DAMAGES)
async def test_every_chore_is_done_for_the_others(
    damage: str, both: Merchant, installation: Installation
) -> None:
    sku = both.sku("HERE")
    _write(both, _STOPPED.format(sku))
    _write(
        both,
        "insert into webhook_refusal (connection, reason, topic)"
        " values ('acme', 'wrong_signature', 'wro.updated')",
    )
    _write(both, DAMAGES[damage])
    contexts = ConnectionContexts(installation)
    await renew_tokens(installation, contexts)
    await sweep_what_is_due(installation, contexts)
    await AwaitedWatch(installation, contexts).look()
    await watch_webhooks(installation, contexts)
    await CertificateClock(installation).look_at_all()
    await watch_books(installation)
    await tell(installation)
    done = {
        row["name"]: row
        for row in await installation.database.fetch(
            "select name,"
            " (select count(*) from token where connection = name"
            "  and obtained_at > now() - interval '1 hour') as tokens,"
            " (select array_agg(what order by what) from turn where connection = name) as turns,"
            " (select state from subject where connection = name and key = '1') as woken,"
            " (select array_agg(kind || ' ' || key order by kind, key) from alarm"
            "  where connection = name and ended_at is null) as alarms,"
            " (select count(*) from alarm_message where connection = name) as messages"
            " from connection"
        )
    }

    assert done["acme"]["tokens"] == 1
    assert {"certificate", "receiving", "tracking", "returns"} <= set(done["acme"]["turns"])
    assert done["acme"]["woken"] == "received"
    assert done["acme"]["alarms"] == [
        "bug stopped:receiving:bug",
        "webhooks refused:wrong_signature",
    ]
    assert done["acme"]["messages"] == 2
    if damage not in READABLE:
        assert set(done[BROKEN]["alarms"] or ()) & {
            "credentials secrets",
            "credentials netsuite",
            "storage settings",
        }


@pytest.mark.parametrize("damage", sorted(DAMAGES.keys() - READABLE))
async def test_every_list_of_connections_can_be_read(
    damage: str, both: Merchant, installation: Installation
) -> None:
    _write(both, DAMAGES[damage])
    await watch_books(installation)
    run = await asyncio.to_thread(_commands, both)

    assert [answered.status for answered in run] == [0] * len(run), [one.err for one in run]
    assert "acme" in run[0].out


def _commands(both: Merchant) -> list[Answered]:
    return [
        both.command("connection", "list"),
        both.command("alarms", "list"),
        both.command("events", "list"),
    ]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_file_applied_again_mends_it(
    damage: str, both: Merchant, installation: Installation
) -> None:
    _write(both, DAMAGES[damage])
    await watch_books(installation)
    await _apply(installation, _settings(both.connection_file(mode="dry-run"), BROKEN))
    await renew_tokens(installation, ConnectionContexts(installation))
    await watch_books(installation)
    left = await installation.database.fetch(
        "select kind, key, sentence from alarm where connection = 'aaa' and ended_at is null"
        " and kind in ('credentials', 'storage')"
    )

    assert left == []


async def test_a_worker_works_the_other_lanes_off(
    both: Merchant, installation: Installation
) -> None:
    del installation
    for damage in ("limits of another form", "the ciphertext of its secrets"):
        _write(both, DAMAGES[damage])

    def works() -> str:
        with working(both.environment, both.folder) as worker:
            wait_until(lambda: '"lane": "acme", "at_once"' in worker.said)
            wait_until(lambda: "lane_left_out" in worker.said)
            return worker.said

    said = await asyncio.to_thread(works)

    assert '"lane": "aaa", "at_once"' not in said
