"""Undoing: a counter-document for a posting, posted through settle like every document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import msgspec

from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows.reversal import Undoable, counter
from ml_connector.ledger.connections import acts
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.journal import trail
from ml_connector.ledger.postings import postings, reversals, runs
from ml_connector.ledger.postings.documents import Document, Plan
from ml_connector.ledger.postings.postings import Posting
from ml_connector.rules.facts import PeriodFact
from ml_connector.rules.posting_dates import posting_date
from ml_connector.storage.database import Connection
from ml_connector.words import DocumentKind

_RULES: Final = "undo-1"


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A counter-document that is proposed.

    Attributes:
        posting_id: of the posting that it takes back.
        flow: the flow that made that posting.
    """

    connection: str
    posting_id: int
    flow: str
    takes_back: Undoable
    document: Document


async def propose(
    installation: Installation, names: Sequence[str], wanted: Sequence[str]
) -> list[Counter]:
    """Return the counter-documents of postings, by any of the names that ``show`` takes.

    Raises:
        UserError: a name is not found or means several documents, or a posting is undone already
            or has no counter-document. Nothing is proposed then.
        ConnectorError: NetSuite can't be asked for its posting periods.
    """
    contexts = ConnectionContexts(installation)
    found: dict[int, Counter] = {}
    for text in dict.fromkeys(wanted):
        async with installation.database.transaction() as connection:
            row = await _posting(connection, names, text)
        context = await contexts.open(row["connection"])
        if context.mode != "live":
            raise UserError(
                f'Connection "{row["connection"]}" is in dry-run mode: nothing is posted',
                where="journal undo",
                next_step="Set it live first.",
            )
        document = msgspec.convert(row["document"], Document)
        takes_back = Undoable(
            document=document,
            remote_id=row["remote_id"],
            location_subsidiaries=await context.reads.locations.subsidiaries(
                line.location for line in document.lines
            ),
        )
        day = await _day(context, takes_back)
        found[row["id"]] = Counter(
            connection=row["connection"],
            posting_id=row["id"],
            flow=row["flow"],
            takes_back=takes_back,
            document=counter(takes_back, context.settings, day=day),
        )
    return list(found.values())


async def undo_posting(
    installation: Installation, proposed: Counter, *, person: str
) -> dict[str, Any]:
    """Post a counter-document, exactly once, and journal it. Repeating it is harmless.

    A process that dies meanwhile leaves a subject that waits for a person. The same command then
    looks up whether the document is in NetSuite before it sends anything.

    Returns:
        external id and internal id of the counter-document, and of the one it took back.

    Raises:
        ConnectorError: NetSuite refused it, or the outcome is not known yet.
    """
    context = await ConnectionContexts(installation).open(proposed.connection)
    async with installation.database.transaction() as connection:
        subject = await _claim(connection, proposed)
        left_behind = await postings.unfinished(connection, subject)
        run_id = await runs.begin(connection, subject, worker=installation.holder, rules=_RULES)
        await runs.write(
            connection, [runs.Page(run_id=run_id, plan=Plan(documents=(proposed.document,)))]
        )
    try:
        for posting in left_behind:
            await context.settle.recover(subject, replace(posting, flow=proposed.flow))
        posting_to_send = await _prepare(installation, subject, proposed, run_id)
        if posting_to_send is not None:
            await context.settle.post(subject, posting_to_send)
    except ConnectorError as error:
        async with installation.database.transaction() as connection:
            await runs.finish(connection, run_id, "dead", error=error)
            await reversals.stopped(connection, subject, str(error))
        raise
    return await _done(installation, subject, proposed, run_id, person)


async def _posting(connection: Connection, names: Sequence[str], text: str) -> dict[str, Any]:
    ids = await trail.find(connection, names, " ".join(text.split()))
    if len(ids) != 1:
        what = f"{len(ids)} documents were" if ids else "Nothing was"
        raise UserError(
            f'{what} posted as "{text}"',
            where="journal undo",
            next_step="Name one document, such as mlc-ir-90311-1; see journal list.",
        )
    row = await reversals.original(connection, ids[0])
    name = f"{row['kind']} {row['remote_id'] or ''}".strip()
    if row["state"] not in {"done", "adopted"}:
        raise UserError(
            f"{name} was not posted: it is {row['state']}",
            where="journal undo",
            next_step="There is nothing to undo.",
        )
    if row["undoes"] is not None:
        raise UserError(
            f"{name} is a counter-document itself",
            where="journal undo",
            next_step="Book what is right by hand in NetSuite, with a memo that says why.",
        )
    if row["undone_by"] is not None:
        raise UserError(
            f"{name} is undone already, by {row['undone_by']}",
            where="journal undo",
            next_step=f"See it with: journal show {row['undone_by']}",
        )
    return row


async def _day(context: ConnectionContext, takes_back: Undoable) -> date:
    today = datetime.now(context.settings.schedule.zone).date()
    is_bill = takes_back.document.kind in {DocumentKind.VENDOR_BILL, DocumentKind.VENDOR_CREDIT}
    periods = [
        PeriodFact(
            name=period.periodname,
            start=period.startdate,
            end=period.enddate,
            open=period.open_for_bills if is_bill else period.open_for_stock,
        )
        for period in await context.reads.periods(today)
    ]
    return posting_date(
        today, periods, "next-open", document=f"the counter-document of {takes_back.name}"
    )


async def _claim(connection: Connection, proposed: Counter) -> Claimed:
    return await reversals.claim(
        connection,
        proposed.connection,
        proposed.posting_id,
        sentence=f"The undo of {proposed.takes_back.name} has not ended",
        remedy=f"Run it again: journal undo {proposed.takes_back.document.external_id}",
    )


async def _prepare(
    installation: Installation, subject: Claimed, proposed: Counter, run_id: int
) -> Posting | None:
    """Write the counter-document down; None when it exists by now."""
    async with installation.database.transaction() as connection:
        if await postings.posted(connection, subject.id):
            return None
        posting = await postings.prepare(
            connection, subject, run_id, proposed.document, state="prepared"
        )
        if posting is None:
            raise UserError(
                f"{proposed.document.external_id} is taken by another posting",
                where="journal undo",
                next_step=f"See it with: journal show {proposed.document.external_id}",
            )
        await reversals.set_original(connection, posting, proposed.posting_id)
    return replace(posting, flow=proposed.flow)


async def _done(
    installation: Installation, subject: Claimed, proposed: Counter, run_id: int, person: str
) -> dict[str, Any]:
    async with installation.database.transaction() as connection:
        [made] = await postings.posted(connection, subject.id)
        await reversals.done(connection, subject)
        await runs.finish(connection, run_id, "done")
        result = {
            "undone": proposed.takes_back.document.external_id,
            "was": f"{proposed.takes_back.document.kind} {proposed.takes_back.remote_id}",
            "by": made.external_id,
            "is": f"{made.kind} {made.remote_id}",
        }
        await acts.record(
            connection,
            person,
            "journal.undo",
            connection=proposed.connection,
            details={"before": result["was"], "after": result["is"], **result},
        )
    return result
