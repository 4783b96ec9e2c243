"""The measured work of inbound, as a process of its own: the first poll, a large WRO, a sweep.

Reads one ``Work`` as JSON from standard input; writes ``started`` when the installation is
ready, begins with the next line it reads, and writes one ``Done``.
"""

import asyncio
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import msgspec
from prometheus_client import REGISTRY

from ml_connector.app.connections import apply
from ml_connector.app.installation import setup
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations.sync import sync_flow
from ml_connector.config import connection as connection_file
from ml_connector.config import logs
from ml_connector.config.settings import Settings
from ml_connector.engine.inbox.sweep import sweep
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.transport.call import Priority, working_at

_KIB_PER_MB: Final = 1024
_AT_ONCE: Final = 400  # two fetches, so that one is read while the other is under way


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The work: poll all orders, receive a WRO, or sweep the WROs, with this connection.

    Attributes:
        wro_id: of the WRO to receive.
        minutes: for which the sweep stands.
    """

    folder: str
    connection: str
    do: Literal["poll", "receive", "sweep"]
    wro_id: int = 0
    minutes: int = 0


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the work.

    Attributes:
        count: orders that were read, lines in the journal, or WROs that were found.
        cpu_seconds: processor time of this process.
        megabytes: the largest size of this process.
        item_queries: SuiteQL calls that looked items up.
    """

    count: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    item_queries: float


def main() -> None:
    """Set up, wait for the line that begins the work, work."""
    work = msgspec.json.decode(sys.stdin.buffer.readline(), type=Work)
    logs.configure("console", "warning")
    settings = Settings(data_dir=Path(work.folder), database_url=None)
    setup.initialise(settings)
    path = Path(work.folder) / "acme.toml"
    path.touch(mode=0o600)
    path.write_text(work.connection, "utf-8")
    asyncio.run(_work(settings, path, work))


async def _work(settings: Settings, path: Path, work: Work) -> None:
    async with open_installation(settings) as installation:
        given = connection_file.read(path)
        await apply.apply_connection(installation, given, person="bench", ping_first=False)
        _write("started")
        await asyncio.to_thread(sys.stdin.buffer.readline)
        began, used = time.monotonic(), time.process_time()
        if work.do == "poll":
            count = await _poll(installation)
        elif work.do == "receive":
            count = await _receive(installation, work.wro_id)
        else:
            count = await _sweep(installation, timedelta(minutes=work.minutes))
        _write(
            Done(
                count=count,
                seconds=time.monotonic() - began,
                cpu_seconds=time.process_time() - used,
                megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB,
                item_queries=_calls("suiteql.items_by_sku") + _calls("suiteql.items_by_id"),
            )
        )


async def _poll(installation: Installation) -> int:
    """Find all open orders, tell the inbox of them, and read each with its lines."""
    context = await ConnectionContexts(installation).open("acme")
    swept = await sweep(
        installation.database,
        installation.lanes,
        FLOWS["purchase-orders"],
        reads=context.reads,
        connection_name="acme",
        since=datetime.now(UTC),
    )
    count = 0
    keys = iter(swept.keys)
    while some := list(islice(keys, _AT_ONCE)):
        orders = await asyncio.gather(*map(context.reads.order, some))
        count += sum(order is not None and bool(order.lines) for order in orders)
    return count


async def _receive(installation: Installation, wro_id: int) -> int:
    async with installation.database.transaction() as connection:
        applied = await connections.find(connection, "acme")
    if applied is None:
        raise LookupError("acme")
    await sync_flow(installation, applied, FLOWS["receiving"], ids=[str(wro_id)], since=None)
    [row] = await installation.database.fetch("select count(*) as n from journal")
    return int(row["n"])


async def _sweep(installation: Installation, interval: timedelta) -> int:
    """Look the WROs through as a worker does; return how many are to be received."""
    context = await ConnectionContexts(installation).open("acme")
    flow = FLOWS["receiving"]
    now = datetime.now(UTC)
    with working_at(Priority.BULK):
        swept = await sweep(
            installation.database,
            installation.lanes,
            flow,
            reads=context.reads,
            connection_name="acme",
            since=now - flow.look_back,
            between=(now - interval, now),
        )
    return len(swept.keys)


def _calls(operation: str) -> float:
    labels = {
        "system": "netsuite",
        "connection": "acme",
        "operation": operation,
        "outcome": "ok",
    }
    return REGISTRY.get_sample_value("mlc_calls_total", labels) or 0.0


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
