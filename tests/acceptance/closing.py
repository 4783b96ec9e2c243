"""The end of a month over both simulators: what tests of it do, and what they read."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations import month_end
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.app.operations.sync import Synced, sync_flow
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.reconcile.month import Month
from waiting import HANGS_AFTER_SECONDS

TODAY = datetime.now(UTC).astimezone(ZoneInfo("America/Chicago")).date()
MONTH = Month.of(TODAY)


def close(
    acme: Merchant, out: Path | None = None, month: Month = MONTH, *, seal: bool = False
) -> MonthEnd:
    """Make the report of a month, and with ``seal`` close it, as the command does."""

    async def make(installation: Installation) -> MonthEnd:
        async with installation.database.transaction() as on:
            [applied] = await connections.every(on)
        return await month_end.reconcile(
            installation, applied, month, out=out, person="tests", close=seal
        )

    done: MonthEnd = _run(acme, make)
    return done


def sync(acme: Merchant, flow: str, *keys: int) -> Synced:
    """Let a flow look at these sources, or at all there are, and wait, as the command does."""

    async def do(installation: Installation) -> Synced:
        async with installation.database.transaction() as on:
            [applied] = await connections.every(on)
        ids = [str(key) for key in keys]
        return await sync_flow(installation, applied, FLOWS[flow], ids=ids, since=None)

    done: Synced = _run(acme, do)
    return done


def _run(acme: Merchant, work: Any) -> Any:
    async def opened() -> Any:
        async with open_installation(acme.settings) as installation:
            return await work(installation)

    return asyncio.run(opened())


def contents(done: MonthEnd) -> list[bytes]:
    """Return what the files of a report hold, without the page's line about who made it when."""
    made = re.compile(rb'<p class="sub">Report [0-9,]+, made by [^<]+</p>')
    return [made.sub(b"", path.read_bytes()) for path in done.files]


def in_netsuite(acme: Merchant, action: str, **arguments: object) -> Any:
    """Do something in NetSuite as a person does, from outside."""
    with httpx2.Client(trust_env=False, timeout=HANGS_AFTER_SECONDS) as client:
        answer = client.post(
            f"{acme.world.netsuite_server.url}/_sim/actions/{action}",
            content=json.dumps(arguments),
        )
    assert answer.is_success, answer.text
    return answer.json()["result"]


def found(report: MonthEnd) -> set[tuple[str, str]]:
    """Return kind, and document, source or SKU, of what is to be resolved."""
    return {(one.kind, one.external_id or one.source or one.what) for one in report.report.open}
