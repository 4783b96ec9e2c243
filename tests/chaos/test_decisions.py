"""Processes die between a decision and its document: it goes on, and is posted once."""

import os
import signal
from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import working
from acceptance.test_correcting import fewer_than_booked
from acceptance.test_deciding import booked, event_of, standing
from waiting import wait_until


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs and workers do anything."""
    folder = tmp_path_factory.mktemp("decisions")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def adjustments(acme: Merchant) -> int:
    return len(acme.world.netsuite.documents("inventoryAdjustment"))


def test_a_correction_whose_worker_is_killed_after_netsuites_yes_is_posted_once(
    acme: Merchant,
) -> None:
    tee, wro = fewer_than_booked(acme)
    before = adjustments(acme)
    decided = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", "correct", "--note", "Counted again")
    )
    nobody = adjustments(acme)
    acme.world.netsuite.fault(
        "hang_after_commit", method="POST", path="inventoryAdjustment", times=1, seconds=60
    )
    with working(acme.environment, acme.folder) as killed:
        wait_until(lambda: adjustments(acme) > before)
        os.kill(killed.pid, signal.SIGKILL)
        killed.process.wait()
    left = acme.rows("select state from posting where external_id like 'mlc-ia-%%'")
    with working(acme.environment, acme.folder):
        wait_until(lambda: standing(acme, wro) == ("done", None))

    assert decided.status == 0, decided.err
    assert nobody == before
    assert left == [{"state": "sending"}]
    assert adjustments(acme) == before + 1
    assert sorted(booked(acme, wro)) == [("inventoryAdjustment", -10), ("itemReceipt", 100)]
    assert acme.books(tee) == ({(tee, 6): 90},) * 3
