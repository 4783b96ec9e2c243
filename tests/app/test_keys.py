"""The master key: rotated while everything runs, killed anywhere, never lost."""

import asyncio
import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from acceptance.merchant import Merchant
from acceptance.service import COMMAND
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.installation.key_rotation import KeysRotated, rotate_keys
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.vault.keyfile import KeyFile
from ml_connector.vault.masterkey import KEY_FILE_NAME, as_text, new_key
from waiting import wait_until

LOCK: dict[str, LiteralString] = {
    "secret": "select 1 from secret for update",
    "token": "select 1 from token for update",
}

WRAPPING = """
    select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query ilike %(of)s
"""


def key_file(acme: Merchant) -> Path:
    return acme.folder / "data" / KEY_FILE_NAME


def sealed_with(acme: Merchant) -> set[str]:
    return {row["key_id"] for row in acme.rows("select distinct key_id from secret")}


async def rotated(settings: Settings) -> KeysRotated:
    async with open_installation(settings) as installation:
        return await rotate_keys(installation, person="anna")


async def opens(settings: Settings) -> bool:
    async with open_installation(settings) as installation:
        return "netsuite.private_key" in await installation.vault.all("acme")


async def test_everything_is_wrapped_and_the_old_key_is_kept_beside(acme: Merchant) -> None:
    path = key_file(acme)
    old = path.read_text()
    done = await rotated(acme.settings)
    retired = path.with_name("master.key.retired")
    [act] = acme.rows("select person, details from act where what = 'keys.rotate'")

    assert done.began
    assert done.wrapped >= 3
    assert sealed_with(acme) == {done.key_id}
    assert path.read_text() != old
    assert len(path.read_text().splitlines()) == 1
    assert done.kept_in == str(retired)
    assert retired.read_text() == old
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, retired)] == [0o600] * 2
    assert await opens(acme.settings)
    assert act["details"] == {
        "before": {"key_ids": list(done.retired)},
        "after": {"key_ids": [done.key_id]},
    }


async def test_a_damaged_secret_is_named_and_stops_no_rotation(acme: Merchant) -> None:
    old = key_file(acme).read_text()
    acme.rows(
        "with done as (update secret set wrapped_key = set_byte(wrapped_key, 20,"
        " get_byte(wrapped_key, 20) # 1) where field = 'shipbob.token' returning 1)"
        " select count(*) from done"
    )
    answered = await asyncio.to_thread(acme.command, "keys", "rotate", "--json")

    assert answered.status == 0, answered.err
    assert answered.json["damaged"] == ["acme/shipbob.token"]
    assert answered.json["key_id"] in sealed_with(acme)
    assert old not in key_file(acme).read_text()
    async with open_installation(acme.settings) as installation:
        opened = await installation.vault.usable("acme")
    assert list(opened.unusable) == ["shipbob.token"]


async def test_a_process_that_runs_takes_the_new_key_up_by_itself(acme: Merchant) -> None:
    async with open_installation(acme.settings) as running:
        before = await running.vault.all("acme")
        done = await rotated(acme.settings)
        after = await running.vault.all("acme")
        await running.vault.put("acme", "shipbob.token", Secret("new one"))

    assert {key: one.reveal() for key, one in before.items()} == {
        key: one.reveal() for key, one in after.items()
    }
    assert sealed_with(acme) == {done.key_id}


@pytest.mark.parametrize("wrapped", [0, 1, 99], ids=["none", "one", "all"])
async def test_a_rotation_that_was_killed_is_finished_by_the_next(
    acme: Merchant, wrapped: int
) -> None:
    path = key_file(acme)
    file = KeyFile(path)
    [old] = file.keys
    new = new_key()
    file.write([new, old])  # as the killed one left it
    async with open_installation(acme.settings) as installation:
        for field in sorted(await installation.vault.fields("acme"))[:wrapped]:
            secret = await installation.vault.get("acme", field)
            assert secret is not None
            await installation.vault.put("acme", field, secret)
    done = await rotated(acme.settings)

    assert not done.began
    assert done.key_id == new.key_id
    assert sealed_with(acme) == {new.key_id}
    assert [key.key_id for key in KeyFile(path).keys] == [new.key_id]
    assert done.retired == (old.key_id,)
    assert await opens(acme.settings)


def rotation_killed_at(acme: Merchant, table: str) -> None:
    """Begin a rotation and kill it when it is about to wrap what is in this table."""
    assert acme.database_url is not None
    with psycopg.connect(acme.database_url) as holder:
        assert holder.execute(LOCK[table]).rowcount
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, "keys", "rotate"],
            env=acme.environment,
            cwd=acme.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: acme.rows(WRAPPING, of=f"%from {table}%for update%"))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_and_resumed_while_webhooks_come_in_nothing_is_refused(acme: Merchant) -> None:
    """One is killed before anything is wrapped, one before the tokens are; deliveries go on."""
    path = key_file(acme)
    first = path.read_text()
    with acme.serving():
        sku = acme.sku()
        wros = [acme.deliver({sku: 3}, number=acme.order({sku: 3}))]
        acme.wait_for(wros[0])  # a token is stored
        keys = [sealed_with(acme)]
        for table in ("secret", "token"):
            rotation_killed_at(acme, table)
            keys.append(sealed_with(acme))
            wros.append(acme.deliver({sku: 2}, number=acme.order({sku: 2})))
        answered = acme.command("keys", "rotate", "--json")
        wros.append(acme.deliver({sku: 1}, number=acme.order({sku: 1})))
        for wro in wros:
            acme.wait_for(wro)
        refused = acme.rows("select * from webhook_refusal")

    assert keys[0] == keys[1] != keys[2] == {answered.json["key_id"]}
    assert answered.status == 0, answered
    assert path.read_text() != first
    assert sealed_with(acme) == keys[2]
    assert acme.books(sku).agree
    assert refused == []


async def test_a_key_from_the_environment_is_rotated_by_hand(acme: Merchant) -> None:
    old = key_file(acme).read_text().strip()
    new = as_text([new_key()]).strip()
    settings = acme.settings.model_copy(update={"master_key": Secret(old)})
    with pytest.raises(UserError, match="comes from the environment") as caught:
        await rotated(settings)
    both = acme.settings.model_copy(update={"master_key": Secret(f"{new},{old}")})
    done = await rotated(both)
    alone = acme.settings.model_copy(update={"master_key": Secret(new)})

    assert 'MLC_MASTER_KEY="new,old"' in caught.value.next_step
    assert not done.began
    assert sealed_with(acme) == {done.key_id}
    assert await opens(alone)


async def test_a_lost_key_stops_it_and_applying_again_recovers(acme: Merchant) -> None:
    path = key_file(acme)
    lost = sealed_with(acme).pop()
    path.unlink()
    made = acme.command("init")
    with pytest.raises(UserError, match=lost):
        await rotated(acme.settings)
    events = acme.rows("select count(*) as n from event")
    applied = await asyncio.to_thread(acme.apply)

    assert lost in made.out
    assert applied.saved
    assert lost not in sealed_with(acme)
    assert await opens(acme.settings)
    assert acme.rows("select count(*) as n from event") == events
