"""Held connections: after a restore nothing goes out until a person releases them."""

import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from acceptance.holding import by_consent, calls, grants, hold
from acceptance.merchant import Merchant, fresh_database
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.chores.sweeps import sweep_what_is_due
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.sign_in.certificate_expiry import CertificateClock
from ml_connector.app.sign_in.token_renewal import renew_tokens
from ml_connector.app.webhooks.watch import watch_webhooks
from ml_connector.errors import Retryable
from ml_connector.ledger.connections import connections
from ml_connector.words import Cause


@pytest.fixture
def second(acme: Merchant, tmp_path: Path, server_url: str, template: str) -> Iterator[Merchant]:
    """Another machine, with the master key of the first one and a database of its own."""
    folder = tmp_path / "second"
    (folder / "data").mkdir(parents=True)
    shutil.copy(acme.folder / "data" / "master.key", folder / "data" / "master.key")
    with fresh_database(server_url, template) as url:
        yield replace(acme, folder=folder, database_url=url)


async def all_chores(installation: Installation) -> None:
    """Do what a worker does from time to time for its connections."""
    contexts = ConnectionContexts(installation)
    await renew_tokens(installation, contexts)
    await sweep_what_is_due(installation, contexts)
    await AwaitedWatch(installation, contexts).look()
    await watch_webhooks(installation, contexts)
    await CertificateClock(installation).look_at_all()


@pytest.mark.parametrize("act", ["pause", "resume"])
async def test_no_chore_calls_or_renews_a_token_for_a_held_connection(
    acme: Merchant, act: str
) -> None:
    await by_consent(acme)
    acme.command("connection", act, "acme")
    hold(acme)
    before, granted = calls(acme), grants(acme)
    async with open_installation(
        acme.settings.model_copy(update={"public_url": acme.url})
    ) as installation:
        await all_chores(installation)

    assert calls(acme) == before
    assert grants(acme) == granted


async def test_what_was_open_before_the_restore_makes_no_call_either(acme: Merchant) -> None:
    async with open_installation(acme.settings) as installation:
        contexts = ConnectionContexts(installation)
        context = await contexts.open("acme")
        await context.sign_in["netsuite"]()
        hold(acme)
        before = calls(acme)
        reached: list[Callable[[], Awaitable[object]]] = [
            lambda: contexts.open("acme"),
            lambda: context.netsuite.create("inventoryAdjustment", {}, send_by=None),
            lambda: context.shipbob.set_external_sync([1], synced=True),
            lambda: context.netsuite.look_at("itemReceipt"),
        ]
        for call in reached:
            with pytest.raises(Retryable, match="is held since a restore") as refused:
                await call()
            assert refused.value.cause is Cause.CONNECTION_HELD
            assert "connection release acme" in refused.value.remedy

    assert calls(acme) == before


def test_after_a_restore_on_another_machine_webhooks_are_stored_and_nothing_is_posted(
    acme: Merchant, second: Merchant, tmp_path: Path
) -> None:
    write_backup(acme.settings, tmp_path / "acme.backup")
    restore_backup(second.settings, tmp_path / "acme.backup", person="anna")
    with second.serving():
        sku = second.sku()
        wro = second.deliver({sku: 5}, number=second.order({sku: 5}))
        assert second.world.shipbob.wait_for_webhooks()
        before = calls(second)
        ready = httpx2.get(f"{second.url}/readyz", trust_env=False)
        second.command("connection", "apply", str(second.connection_file()), "--no-ping")
        second.command("connection", "resume", "acme")
        stored = second.subject(wro)

        assert (ready.status_code, ready.json()["held"]) == (200, ["acme"])
        assert stored["state"] == "received"
        assert calls(second) == before
        assert second.documents(wro) == []

        assert second.command("connection", "release", "acme", "--yes").status == 0
        second.wait_for(wro)
    assert len(second.documents(wro)) == 1


async def test_a_restored_connection_says_when_the_backup_was_made(
    acme: Merchant, second: Merchant, tmp_path: Path
) -> None:
    made = write_backup(acme.settings, tmp_path / "acme.backup")
    restore_backup(second.settings, tmp_path / "acme.backup", person="anna")
    async with (
        open_installation(second.settings) as installation,
        installation.database.transaction() as on,
    ):
        [applied] = await connections.every(on)

    assert applied.held_at is not None
    assert applied.is_at_rest
    assert applied.backup_made_at == made.made_at
