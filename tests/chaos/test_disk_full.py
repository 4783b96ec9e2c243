"""A full disk, on a small file system of its own."""

import asyncio
import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.merchant import Merchant, merchant
from acceptance.service import Process, serving
from ml_connector.app.alarms.storage import watch_storage
from ml_connector.app.installation.installation import open_installation
from ml_connector.ledger.alarms.alarms import open_alarms
from ml_connector.storage import embedded
from waiting import wait_until
from web.door import Door

pytestmark = pytest.mark.chaos


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 MiB. Only root may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(  # noqa: S603 - our own arguments
        [mount, "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if not made or made.returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run([shutil.which("umount") or "", "--lazy", str(place)], check=True)  # noqa: S603 - our own arguments


@pytest.fixture
def acme(disk: Path) -> Iterator[Merchant]:
    """Instead of the merchant of the other tests: data folder and database are on that disk."""
    with merchant(disk, None) as made:
        yield made


@pytest.fixture(autouse=True)
def books_are_right_afterwards() -> None:
    """Nothing is booked here."""


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """No byte can be written there for the length of the block."""
    file = disk / "filler"
    with file.open("wb", buffering=0) as filling:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    filling.write(b"x" * size)
    try:
        yield
    finally:
        file.unlink()


def delivered(door: Door, number: int) -> int:
    """Deliver what does not fit into the pages that are there; return the status."""
    return door.deliver({"id": number, "note": os.urandom(20_000).hex()}).status


def said_of_storage(acme: Merchant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(acme.command("alarms", "list", "--json").out)[
        "storage"
    ]
    return found


def test_a_full_disk_is_told_while_it_lasts_and_costs_nothing_else(
    acme: Merchant, disk: Path, tmp_path: Path
) -> None:
    # Its log is on another disk: on a full one, a line is cut where the file's last page ends.
    with serving(acme.port, acme.environment, tmp_path, "--no-console") as service:
        door = Door(acme.url, acme.secret)
        before = [delivered(door, 1), door.get("/readyz").status]
        parts = service.parts()
        with full(disk):
            refused = [delivered(door, number) for number in range(2, 5)]
            ready = wait_until(lambda: _not_ready(door))
            metrics = door.get("/metrics").body.decode()
            listed = said_of_storage(acme)
            wait_until(lambda: told(service))
            during = service.parts()
        wait_until(lambda: delivered(door, 5) == 200)
        after = wait_until(lambda: door.get("/readyz").status == 200 and door.get("/readyz").body)
        noted = 'mlc_webhook_refusals{connection="acme",reason="not_stored"} 3.0'
        wait_until(lambda: noted in door.get("/metrics").body.decode())

    assert before == [200, 200]
    assert refused == [503] * 3
    assert (ready["what"], "No space left" in ready["reason"]) == ("storage", True)
    assert "mlc_database_stores 0.0" in metrics
    assert f'mlc_disk_free_bytes{{place="{acme.folder / "data"}"}} 0.0' in metrics
    assert len(listed) == 2
    assert "stores nothing" in listed[1]["sentence"]
    assert during == parts  # nobody died of it
    assert after


def _not_ready(door: Door) -> dict[str, Any]:
    reply = door.get("/readyz")
    found: dict[str, Any] = reply.json
    return found if reply.status == 503 else {}


def told(service: Process) -> bool:
    """Whether the log says that the disk is full."""
    return '"event": "not_ready"' in service.said and "No space left" in service.said


def test_a_disk_that_fills_up_is_an_alarm_before_it_is_full(acme: Merchant, disk: Path) -> None:
    taken = disk / "taken"
    left = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with embedded.start(acme.settings.data_dir) as owner:
        looking = dataclasses.replace(acme, database_url=owner.url)
        taken.write_bytes(b"x" * (left - (10 << 20)))  # a twentieth is left
        raised = asyncio.run(_alarms_after_a_look(looking))
        taken.unlink()
        ended = asyncio.run(_alarms_after_a_look(looking))

    assert [(kind, key) for kind, key, _ in raised] == [("storage", "room")]
    assert "MiB are free" in raised[0][2]
    assert ended == []


async def _alarms_after_a_look(acme: Merchant) -> list[tuple[str, str, str]]:
    async with open_installation(acme.settings) as installation:
        await watch_storage(installation)
        async with installation.database.transaction() as on:
            found = await open_alarms(on, ["acme"])
    return [(alarm.kind, alarm.key, alarm.sentence) for alarm in found]
