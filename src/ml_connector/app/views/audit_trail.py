"""The audit trail: rows of the journal, what people did, and where the chain ends."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.app.views.paging import Listed, listed
from ml_connector.flows import reversal
from ml_connector.ledger import history
from ml_connector.ledger.figures import trail_pages
from ml_connector.ledger.journal import journal, trail
from ml_connector.storage.database import Connection

_CHANGES: Final = 12


class ShownRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the journal. Whole eaches; ``amount`` is in ``currency``."""

    number: int
    posted_at: datetime
    posting_id: int
    run_id: int
    flow: str
    source: str
    source_line: str
    target: str
    external_id: str
    fact_date: date
    posting_date: date
    sku: str | None
    item: str | None
    location: str | None
    lot: str | None
    quantity: int | None
    amount: Decimal | None
    currency: str | None
    account: str | None
    detail: str | None
    hash: str

    @property
    def has_counter(self) -> bool:
        """Whether its document is of a kind that a counter-document takes back."""
        return reversal.has_counter(self.target.partition(" ")[0], self.external_id)


class JournalFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows; an attribute that is None excludes none.

    Attributes:
        number: of anything: a row, a document, its internal id, an external id, a source, a
            SKU.
        since, until: of the moment of posting; ``until`` excluded.
    """

    number: str | None = None
    flow: str | None = None
    sku: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class ChainEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a connection's chain."""

    number: int
    hash: str


class PersonAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person did.

    Attributes:
        changes: a sentence for each thing that it changed, such as ``paused: False -> True``.
        more: how many sentences are left out.
    """

    id: int
    at: datetime
    person: str
    what: str
    connection: str | None
    changes: tuple[str, ...]
    more: int


class ActFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which acts; an attribute that is None excludes none.

    Attributes:
        person: a part of the name.
        what: its beginning, such as ``connection``.
    """

    person: str | None = None
    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def journal_page(
    on: Connection,
    name: str,
    wanted: JournalFilter,
    *,
    limit: int,
    after: int | None = None,
) -> Listed[ShownRow]:
    """Return a part of a connection's journal, the newest rows first."""
    postings, sku = None, wanted.sku
    if wanted.number is not None:
        postings = await trail.find(on, [name], " ".join(wanted.number.split()))
        if not postings and sku is None:
            postings, sku = None, wanted.number.strip()
    found = await trail_pages.journal(
        on,
        name,
        limit=limit + 1,
        after=after,
        postings=postings,
        flow=wanted.flow,
        sku=sku,
        since=wanted.since,
        until=wanted.until,
    )
    return listed([ShownRow(**row) for row in found], limit, lambda one: one.number)


async def chain_end(on: Connection, name: str) -> ChainEnd | None:
    """Return where a connection's chain ends; None before the first row."""
    head = await journal.head(on, name)
    return ChainEnd(number=head.number, hash=head.hash) if head else None


async def acts_page(
    on: Connection,
    name: str | None,
    wanted: ActFilter,
    *,
    limit: int,
    after: int | None = None,
) -> Listed[PersonAct]:
    """Return a part of what people did, the newest first.

    Args:
        on: for reading.
        name: of a connection; None: everything, also what concerns none.
        wanted: which.
        limit: how many.
        after: only acts with a smaller id.
    """
    found = await trail_pages.acts(
        on,
        name=name,
        limit=limit + 1,
        after=after,
        person=wanted.person,
        what=wanted.what,
        since=wanted.since,
        until=wanted.until,
    )
    return listed([_act(row) for row in found], limit, lambda one: one.id)


def _act(row: Mapping[str, Any]) -> PersonAct:
    details = row["details"] if isinstance(row["details"], Mapping) else {}
    changes = tuple(history.changes(details))
    return PersonAct(
        id=row["id"],
        at=row["at"],
        person=row["person"],
        what=row["what"],
        connection=row["connection"],
        changes=changes[:_CHANGES],
        more=max(0, len(changes) - _CHANGES),
    )
