"""The pages of the flows: figures of a flow, and its subjects with documents and facts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from ml_connector.app.views.books.order_progress import KnownOrder, with_progress
from ml_connector.app.views.paging import Counted, Listed, counted, listed
from ml_connector.app.views.subject_rows import SubjectFacts, subject_facts
from ml_connector.ledger.figures import subjects
from ml_connector.storage.database import Connection

Standing = Literal["open", "waiting", "stopped", "done"]
"""``open``: on its way; ``waiting``: for data; ``stopped``: for a person."""

STANDINGS: Final[tuple[Standing, ...]] = ("open", "waiting", "stopped", "done")

_MOST: Final = 10_000


class ShownDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a subject.

    Attributes:
        kind: such as ``itemReceipt``.
        number: the record's internal id; None while it is not there.
        state: ``prepared``, ``sending``, ``done``, ``adopted``, ``alarm`` or ``noted``.
        quantity: units that it has moved by the journal; None without any.
    """

    id: int
    system: str
    kind: str
    external_id: str
    number: str | None
    state: str
    title: str | None
    settled_at: datetime | None
    quantity: int | None


class FlowSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A subject as a row of its flow's page.

    Attributes:
        state: as events have it.
        attempt: how often it was tried since it last was done.
        looked_at: when the run began that saw the facts; None where none has.
        note: of that run.
        booked: units that its documents in NetSuite have moved; None without any.
    """

    id: int
    flow: str
    key: str
    state: str
    attempt: int
    due_at: datetime | None
    cause: str | None
    sentence: str | None
    remedy: str | None
    created_at: datetime
    changed_at: datetime
    looked_at: datetime | None
    note: str | None
    facts: SubjectFacts
    documents: tuple[ShownDocument, ...]
    booked: int | None


class FlowFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How many subjects of a flow are not done."""

    open: Counted
    trying_again: Counted
    waiting: Counted
    stopped: Counted


async def flow_figures(on: Connection, name: str, flow: str) -> FlowFigures:
    """Return how many subjects of a connection's flow are not done."""
    found = await subjects.count_open(on, name, flow, most=_MOST)
    return FlowFigures(
        open=counted(found["received"] + found["working"], _MOST),
        trying_again=counted(found["retrying"], _MOST),
        waiting=counted(found["parked"], _MOST),
        stopped=counted(found["dead"], _MOST),
    )


async def flow_subjects(
    on: Connection,
    name: str,
    flow: str,
    *,
    limit: int,
    after: int | None = None,
    key: str | None = None,
    standing: Standing | None = None,
) -> Listed[FlowSubject]:
    """Return a part of the subjects of a flow, the newest first.

    Args:
        on: for reading.
        name: of the connection.
        flow: a key of the table of flows.
        limit: how many.
        after: only those that are listed after this id.
        key: exactly.
        standing: only those that stand so.
    """
    found = await subjects.listed(
        on, name, flow, limit=limit + 1, after=after, key=key, standing=standing
    )
    documents = await documents_of(on, [one["id"] for one in found[:limit]])
    facts = [subject_facts(row["flow"], row["facts"]) for row in found]
    if flow == "purchase-orders":
        facts = await with_progress(
            on,
            name,
            [
                KnownOrder(row["key"], seen, row["facts"], row["looked_at"])
                for row, seen in zip(found, facts, strict=True)
            ],
        )
    rows = [
        _subject(row, seen, documents.get(row["id"], ()))
        for row, seen in zip(found, facts, strict=True)
    ]
    return listed(rows, limit, lambda one: one.id)


async def documents_of(
    on: Connection, ids: Sequence[int]
) -> Mapping[int, tuple[ShownDocument, ...]]:
    """Return the documents of subjects, in order, by the subject's id."""
    found: dict[int, list[ShownDocument]] = defaultdict(list)
    for row in await subjects.documents(on, ids):
        found[row["subject_id"]].append(_document(row))
    return {subject: tuple(documents) for subject, documents in found.items()}


def _subject(
    row: Mapping[str, Any], facts: SubjectFacts, documents: Sequence[ShownDocument]
) -> FlowSubject:
    moved = [
        one.quantity for one in documents if one.quantity is not None and one.system == "netsuite"
    ]
    return FlowSubject(
        id=row["id"],
        flow=row["flow"],
        key=row["key"],
        state=row["state"],
        attempt=row["attempt"],
        due_at=row["due_at"],
        cause=row["cause"],
        sentence=row["sentence"],
        remedy=row["remedy"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        looked_at=row["looked_at"],
        note=row["note"] or None,
        facts=facts,
        documents=tuple(documents),
        booked=sum(moved) if moved else None,
    )


def _document(row: Mapping[str, Any]) -> ShownDocument:
    return ShownDocument(
        id=row["id"],
        system=row["system"],
        kind=row["kind"],
        external_id=row["external_id"],
        number=row["remote_id"],
        state=row["state"],
        title=row["title"],
        settled_at=row["settled_at"],
        quantity=row["quantity"],
    )
