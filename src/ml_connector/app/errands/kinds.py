"""What each kind of errand does: the same functions as the commands of these names."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.chores.journal_heads import check_as_json, verify_journal
from ml_connector.app.connections.checks import as_rows
from ml_connector.app.errands.decisions import ABOUT_DECISIONS
from ml_connector.app.errands.differences import ABOUT_DIFFERENCES
from ml_connector.app.errands.errands import Do, ErrandProgress, ask
from ml_connector.app.errands.first_sync import WEBHOOKS
from ml_connector.app.errands.undoing import ABOUT_UNDOING
from ml_connector.app.installation.clients import other_shipbob_clients
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import month_end, month_json
from ml_connector.app.operations.fee_audit import audit_fees
from ml_connector.app.operations.kept_backups import make_backup, verify_kept
from ml_connector.app.operations.sync import sync_flow
from ml_connector.app.ping.ping import ping_connection
from ml_connector.app.set_up import applying, looking, trying_rules
from ml_connector.app.set_up.plan_ahead import plan_ahead
from ml_connector.app.views.set_up import PLAN
from ml_connector.app.webhooks.sync import sync_webhooks
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import acts, connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.people.errands import Errand
from ml_connector.reconcile.month import Month


async def _reconcile(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Make the report of ``arguments["month"]``; ``arguments["close"]``: and close it if green."""
    applied = await _applied(installation, errand)
    today = datetime.now(applied.schedule.zone).date()
    done = await month_end.reconcile(
        installation,
        applied,
        Month.parse(errand.arguments["month"], today=today),
        out=None,
        person=errand.person,
        close=bool(errand.arguments.get("close")),
        progress=progress.says,
    )
    return month_json.kept(done.shown)


async def _ping(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Check a connection; ``arguments["deep"]``: products and the last orders too."""
    progress.says("Asking both systems")
    ended = count(1)
    checks = await ping_connection(
        installation,
        _name(errand),
        deep=bool(errand.arguments.get("deep")),
        tell=lambda check: progress.says(f"Checked {check.system} {check.name}", next(ended)),
    )
    works = all(one.outcome == "ok" or not one.needed for one in checks)
    return {"ok": works, "checks": as_rows(checks)}


async def _sync(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Do the flow ``arguments["flow"]`` now; ``arguments["ids"]``: of these subjects."""
    flow = FLOWS.get(errand.arguments["flow"])
    if flow is None:
        raise UserError(
            f"There is no flow {errand.arguments['flow']}",
            next_step=f"The flows are {', '.join(FLOWS)}.",
        )
    ids = [str(one) for one in errand.arguments.get("ids", ())]
    applied = await _applied(installation, errand)
    async with installation.database.transaction() as on:
        await acts.record(
            on,
            errand.person,
            "sync",
            connection=applied.name,
            details={"flow": flow.name, "ids": ids, "since": None},
        )
    synced = await sync_flow(
        installation,
        applied,
        flow,
        ids=ids,
        since=None,
        told=lambda seen: progress.says("Syncing", seen.done, seen.all),
    )
    found: dict[str, Any] = msgspec.to_builtins(
        {"flow": flow.name, "subjects": synced.subjects, "lines": synced.equation}
    )
    return found


async def _sync_webhooks(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Bring a connection's webhook subscriptions to what they should be."""
    progress.says("Asking ShipBob for subscriptions")
    applied = await _applied(installation, errand)
    opened = await ConnectionContexts(installation).open(applied.name)
    changes = await sync_webhooks(
        installation,
        opened.shipbob,
        opened.settings,
        others=await other_shipbob_clients(installation, opened.settings),
        dry_run=applied.mode == "dry-run",
    )
    found: dict[str, Any] = msgspec.to_builtins(changes)
    return found


async def _look_at_draft(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """See what both systems show to the draft ``arguments["draft"]``."""
    progress.says("Signing in to both systems")
    seen = await looking.look(installation, errand.arguments["draft"], progress.says)
    found: dict[str, Any] = msgspec.to_builtins(seen)
    return found


async def _try_draft(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """See what the policies of the draft ``arguments["draft"]`` would do to recent facts."""
    tried = await trying_rules.try_rules(installation, errand.arguments["draft"], progress.says)
    found: dict[str, Any] = msgspec.to_builtins(tried)
    return found


async def _apply_draft(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Make a connection of the draft ``arguments["draft"]``, in dry run."""
    progress.says("Checking everything that it names")
    name = errand.arguments["draft"]
    applied = await applying.apply(installation, name, person=errand.person)
    if applied["saved"]:
        await ask(installation.database, installation.lanes, PLAN, name, {}, person=errand.person)
    return applied


async def _plan(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """See what a connection would post now, as ``plan`` shows it."""
    applied = await _applied(installation, errand)
    found: dict[str, Any] = msgspec.to_builtins(
        await plan_ahead(installation, applied, progress.says)
    )
    return found


def _name(errand: Errand) -> str:
    if errand.connection is None:
        raise UserError("An errand of this kind is of a connection", next_step="Name one.")
    return errand.connection


async def _applied(installation: Installation, errand: Errand) -> AppliedConnection:
    async with installation.database.transaction() as on:
        applied = await connections.find(on, _name(errand))
    if applied is None:
        raise UserError(
            f'There is no connection "{errand.connection}"', next_step="See the connections."
        )
    return applied


async def _verify(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Check a connection's journal, and note its head when nothing is wrong."""
    found = await verify_journal(
        installation,
        [_name(errand)],
        progress=lambda seen, about: progress.says("Checking rows", seen, about),
    )
    return check_as_json(found)


async def _audit_fees(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Hold the charges of the last 90 days against what caused them, as ShipBob tells it."""
    progress.says("Asking ShipBob what caused the charges")
    applied = await _applied(installation, errand)
    found, begin, end = await audit_fees(installation, applied, first=None, last=None)
    answer: dict[str, Any] = msgspec.to_builtins(
        {
            "from": begin,
            "to": end,
            "charges": found.charges,
            "unchecked": found.unchecked,
            "unread": found.unread,
            "findings": found.findings,
        }
    )
    return answer


async def _back_up(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Write a backup of the installation into the data folder, and try it."""
    progress.says("Writing the database into a file, and trying it")
    return await make_backup(installation, by=errand.person)


async def _verify_backup(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Try the backup ``arguments["file"]`` of the data folder again."""
    progress.says("Reading it, and restoring its schema into a database of its own")
    return await verify_kept(installation, str(errand.arguments["file"]), by=errand.person)


KINDS: Final[Mapping[str, Do]] = MappingProxyType(
    {
        "reconcile": _reconcile,
        "ping": _ping,
        "sync": _sync,
        "verify": _verify,
        "fee-audit": _audit_fees,
        "backup": _back_up,
        "verify-backup": _verify_backup,
        **ABOUT_DECISIONS,
        **ABOUT_DIFFERENCES,
        **ABOUT_UNDOING,
        "look-at-draft": _look_at_draft,
        "try-draft": _try_draft,
        "apply-draft": _apply_draft,
        PLAN: _plan,
        WEBHOOKS: _sync_webhooks,
    }
)
"""Kinds of errands; their names are stored."""
