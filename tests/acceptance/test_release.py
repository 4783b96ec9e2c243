"""Two machines, one backup: what the first posted since is taken in before the second goes on."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from acceptance.holding import by_consent, grants
from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database
from acceptance.retail import Retail
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk
from ml_connector.app.connections.release import Released, release_connection
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.app.installation.installation import open_installation
from ml_connector.ledger.connections import connections
from ml_connector.ledger.inbox import ownership
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import rows
from waiting import until


@pytest.fixture
def second(
    unserved: Merchant, tmp_path: Path, server_url: str, template: str
) -> Iterator[Merchant]:
    """Another machine, with the master key of the first one and a database of its own."""
    folder = tmp_path / "second"
    (folder / "data").mkdir(parents=True)
    shutil.copy(unserved.folder / "data" / "master.key", folder / "data" / "master.key")
    with fresh_database(server_url, template) as url:
        yield replace(unserved, folder=folder, database_url=url)


def restore(second: Merchant) -> None:
    """Restore the first machine's newest backup on the second one."""
    restore_backup(second.settings, second.folder / "acme.backup", person="anna")


def back_up(first: Merchant, second: Merchant) -> None:
    write_backup(first.settings, second.folder / "acme.backup")


def journal(acme: Merchant) -> list[tuple[object, ...]]:
    """What the journal says, but for numbers of its own, moments, and updates of tracking.

    NetSuite shows how far a parcel is, not since when.
    """
    return [
        tuple(row.values())
        for row in acme.rows(
            "select flow, source, source_line, target, external_id, fact_date, posting_date, sku,"
            " item, location, lot, quantity, amount, currency, account,"
            " split_part(detail, ';', 1) as detail from journal"
            " where left(external_id, 7) <> 'mlc-it-'"
            " order by external_id, source_line, detail, quantity"
        )
    ]


def release(second: Merchant, *options: str) -> Any:
    answered = second.command("connection", "release", "acme", "--json", *options)
    assert answered.status == 0, answered
    return answered.json


def left(answer: Any) -> dict[str, str]:
    """Why documents are left to a person, by external id."""
    return {one["external_id"]: one["why"] for one in answer["left"]}


def everything(acme: Merchant) -> None:
    """Sync all flows that book something, and invoices."""
    for flow in ("receiving", "tracking", "returns", "billing"):
        sync(acme, flow)


def test_receipts_in_parts_and_surplus_are_taken_in(unserved: Merchant, second: Merchant) -> None:
    first, shipbob = unserved, unserved.world.shipbob
    sku, other = first.sku("TEE"), first.sku("CAP")
    wro = first.announce({sku: 30, other: 5}, number=first.order({sku: 24, other: 5}))
    shipbob.stow(wro, {sku: 10})
    sync(first, "receiving", [str(wro.id)])
    back_up(first, second)
    shipbob.stow(wro, {sku: 6, other: 5})
    sync(first, "receiving", [str(wro.id)])
    shipbob.stow(wro, {sku: 14})
    sync(first, "receiving", [str(wro.id)])
    restore(second)

    shown = second.command("connection", "release", "acme", "--dry-run", "--json")
    held = second.command("connection", "show", "acme", "--json").json["held"]
    released = second.command("connection", "release", "acme", "--yes", "--json")
    taken = [one["external_id"] for one in released.json["taken_in"]]
    before = len(first.documents(wro))
    shipbob.complete(wro)
    [done] = sync(second, "receiving", [str(wro.id)])

    assert held
    assert shown.json["taken_in"] == released.json["taken_in"]
    assert taken == [f"mlc-ir-{wro.id}-2", f"mlc-ir-{wro.id}-3", f"mlc-ia-{wro.id}-1"]
    assert released.json["left"] == []
    assert journal(second) == journal(first)
    assert (done["state"], len(first.documents(wro))) == ("done", before)
    assert second.books(sku, other).agree
    assert second.command("audit", "verify").status == 0


def test_parcels_returns_bills_and_what_was_taken_back_are_taken_in(
    unserved: Merchant, second: Merchant
) -> None:
    first, world = unserved, unserved.world
    world.netsuite.add_location("Quarantine", internal_id=QUARANTINE, subsidiary=1)
    world.netsuite.add_account("Shrinkage", internal_id=WRITE_OFF, account_type="COGS")
    world.netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
    desk, retail = Desk(first), Retail(first)
    desk.apply()
    cap, mug, tee, sold = first.sku("CAP"), first.sku("MUG"), first.sku("TEE"), retail.sku()
    wro = first.deliver({tee: 4})
    sync(first, "receiving", [str(wro.id)])
    back_up(first, second)

    order = retail.sell({sold: 3}, {sold: 2})
    one, other = order.shipments
    world.shipbob.label(one, parcels=2)
    world.shipbob.deliver(world.shipbob.ship(other))
    number = desk.authorize({cap: 3, mug: 4})
    back = desk.complete(
        desk.announce({cap: 3, mug: 4}, number),
        {cap: {"Restock": 2, "Dispose": 1}, mug: {"Quarantine": 4}},
    )
    lost = desk.complete(desk.announce({tee: 2}), {tee: {"Restock": 1, "Dispose": 1}})
    world.shipbob.charge("Per Pick Fee", Decimal("7.77"))
    world.shipbob.charge("Shipping", Decimal("2.23"))
    invoices = world.shipbob.invoice()
    everything(first)
    assert first.command("journal", "undo", f"mlc-ia-{wro.id}-1", "--yes").status == 0
    restore(second)
    answer = release(second, "--yes")
    taken = {one["external_id"] for one in answer["taken_in"]}
    documents = first.external_ids()
    everything(second)

    assert left(answer) == {}
    assert taken >= {
        f"mlc-if-{one.id}",
        f"mlc-if-{other.id}",
        f"mlc-ir-ret-{back.id}-1",
        f"mlc-ia-ret-{lost.id}-1",
        f"mlc-wo-ret-{lost.id}-1",
        *(f"mlc-vb-{invoice.id}" for invoice in invoices),
        f"mlc-un-ia-{wro.id}-1",
    }
    assert journal(second) == journal(first)
    assert first.external_ids() == documents
    assert second.command("audit", "verify").status == 0
    undone = second.command("journal", "undo", f"mlc-ia-{wro.id}-1", "--yes")
    assert f"is undone already, by mlc-un-ia-{wro.id}-1" in undone.err
    unfinished = second.rows(
        "select flow, key, state, sentence from subject where state <> 'done'"
    )
    assert unfinished == []


async def test_a_rehearsal_ends_nothing_and_leaves_the_grant_alone(
    unserved: Merchant, second: Merchant
) -> None:
    first = unserved
    await by_consent(first)
    back_up(first, second)
    sku = first.sku()
    wro = first.deliver({sku: 5}, number=first.order({sku: 5}))
    [booked] = await asyncio.to_thread(sync, first, "receiving", [str(wro.id)])
    restore(second)
    granted = grants(first)
    shown = release(second, "--dry-run")
    kept = second.rows("select count(*)::int as n from posting")
    listed = second.command("connection", "list", "--json").json["connections"]

    assert booked["state"] == "done"
    assert "is held since a restore" in left(shown)[f"mlc-ir-{wro.id}-1"]
    assert [one["held"] for one in listed] == [True]
    assert (shown["held"], shown["taken_in"], kept) == (True, [], [{"n": 0}])
    assert grants(first) == granted

    # The first machine has renewed the grant since: it must be given anew, then all can be told.
    refused = second.command("connection", "release", "acme", "--yes")
    still = second.command("connection", "list", "--json").json["connections"]
    await by_consent(second)
    released = release(second, "--yes")

    assert refused.status == 1
    assert "Give consent again: ml-connector connection consent" in refused.err
    assert [one["held"] for one in still] == [True]
    assert [one["external_id"] for one in released["taken_in"]] == [f"mlc-ir-{wro.id}-1"]
    assert journal(second) == journal(first)


def test_a_release_that_can_not_read_netsuite_ends_nothing(
    unserved: Merchant, second: Merchant
) -> None:
    back_up(unserved, second)
    restore(second)
    unserved.world.netsuite.fault("unavailable", path="suiteql", times=50)
    answered = second.command("connection", "release", "acme", "--yes")
    shown = second.command("connection", "show", "acme", "--json").json
    unserved.world.netsuite.faults.clear()

    assert answered.status == 1
    assert shown["held"]
    assert release(second, "--yes")["changed"]


def test_what_can_not_be_told_is_left_to_a_person(unserved: Merchant, second: Merchant) -> None:
    first, netsuite = unserved, unserved.world.netsuite
    sku, strange = first.sku("TEE", in_netsuite=False), first.sku("STRANGE", in_netsuite=False)
    items = {name: str(netsuite.add_item(name, cost="4.20")) for name in (sku, strange)}
    wro = first.deliver({sku: 5}, number=first.order({sku: 5}))
    back_up(first, second)
    sync(first, "receiving", [str(wro.id)])

    def adjust(external_id: str, name: str) -> None:
        item = items[name]
        netsuite.create(
            "inventoryAdjustment",
            {
                "externalId": external_id,
                "subsidiary": {"id": "1"},
                "account": {"id": "54"},
                "adjLocation": {"id": "6"},
                "inventory": {
                    "items": [
                        {
                            "line": 1,
                            "item": {"id": item},
                            "location": {"id": "6"},
                            "adjustQtyBy": 3,
                        }
                    ]
                },
            },
        )

    adjust(f"mlc-ia-{wro.id}-1", strange)
    adjust("mlc-ia-424242-1", sku)
    adjust("mlc-of-somebody-else", sku)
    restore(second)
    answer = release(second, "--yes")

    assert [one["external_id"] for one in answer["taken_in"]] == [f"mlc-ir-{wro.id}-1"]
    why = left(answer)
    assert "no line at ShipBob is of item" in why[f"mlc-ia-{wro.id}-1"]
    assert "424242" in why["mlc-ia-424242-1"]
    assert "names no subject" in why["mlc-of-somebody-else"]
    assert len(why) == 3


def test_a_document_whose_call_was_under_way_in_the_backup_is_adopted(
    unserved: Merchant, second: Merchant
) -> None:
    first = unserved
    sku = first.sku()
    wro = first.announce({sku: 9}, number=first.order({sku: 9}))
    first.world.shipbob.stow(wro, {sku: 4})
    sync(first, "receiving", [str(wro.id)])
    back_up(first, second)
    first.world.shipbob.stow(wro, {sku: 5})
    sync(first, "receiving", [str(wro.id)])
    restore(second)
    [sent] = first.rows(
        "select document::text as document, document_hash from posting where external_id = %(id)s",
        id=f"mlc-ir-{wro.id}-2",
    )
    second.rows(
        "insert into posting (connection, subject_id, run_id, system, kind, external_id, state,"
        " document, document_hash, attempts, over_at) select connection, subject_id, run_id,"
        " system, kind, %(id)s, 'sending', %(document)s::json, %(hash)s, 1, now() from posting"
        " where system = 'netsuite' limit 1 returning id",
        id=f"mlc-ir-{wro.id}-2",
        document=sent["document"],
        hash=sent["document_hash"],
    )
    answer = release(second, "--yes")

    assert left(answer) == {}
    assert journal(second) == journal(first)
    assert second.command("audit", "verify").status == 0


def test_a_subject_that_a_worker_takes_over_meanwhile_is_taken_in_all_the_same(
    unserved: Merchant, second: Merchant
) -> None:
    first = unserved
    sku = first.sku()
    wro = first.announce({sku: 9}, number=first.order({sku: 9}))
    first.world.shipbob.stow(wro, {sku: 4})
    sync(first, "receiving", [str(wro.id)])
    back_up(first, second)
    first.world.shipbob.stow(wro, {sku: 5})
    sync(first, "receiving", [str(wro.id)])
    restore(second)
    released = asyncio.run(released_and_disturbed(second, str(wro.id)))
    outcomes = [
        row["outcome"]
        for row in second.rows("select outcome from run where rules like 'release-%%' order by id")
    ]

    assert [one.record.external_id for one in released.found.taken] == [f"mlc-ir-{wro.id}-2"]
    assert released.found.left == ()
    assert outcomes == ["superseded", "done"]
    assert journal(second) == journal(first)
    assert second.command("audit", "verify").status == 0


async def released_and_disturbed(second: Merchant, wro: str) -> Released:
    """Release, while a worker takes a WRO over between the reading of it and the adopting.

    What is released waits to write its posting, which a lock on the table holds up; behind it the
    worker waits for the subjects, and so has them before anybody else.
    """
    async with open_installation(second.settings) as installation:
        database = installation.database
        async with database.transaction() as on:
            applied = await connections.find(on, "acme")
        assert applied is not None

        async def take_over() -> None:
            async with database.transaction() as on:
                await rows(on, "lock table subject in exclusive mode")
                await ownership.take(on, SubjectRef("acme", "receiving", wro), worker="another")

        async with database.transaction() as on:
            await rows(on, "lock table posting in share row exclusive mode")
            releasing = asyncio.create_task(release_connection(installation, applied, by="anna"))
            await until(lambda: releasing.done() or waits_for(second, "posting"))
            taking = asyncio.create_task(take_over())
            await until(lambda: taking.done() or waits_for(second, "subject"))
        await taking
        return await releasing


def waits_for(second: Merchant, table: str) -> bool:
    return bool(
        second.rows(
            "select 1 from pg_locks where relation = %(table)s::regclass and not granted",
            table=table,
        )
    )
