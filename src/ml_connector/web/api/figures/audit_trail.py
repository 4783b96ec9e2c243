"""``/journal``: what was posted, from what; ``/acts``: what people did."""

import msgspec
from litestar import get

from ml_connector.app.views.audit_trail import (
    ActFilter,
    ChainEnd,
    JournalFilter,
    PersonAct,
    ShownRow,
    acts_page,
    chain_end,
    journal_page,
)
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Limit, Moment, Name, Number, Text
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console


class JournalEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a connection's chain; null before the first row."""

    end: ChainEnd | None


@get("/journal", guards=[needs("look")], summary="List the journal", tags=["Audit trail"])
async def list_journal(
    request: WebRequest,
    *,
    connection: Name = None,
    number: Text = None,
    flow: Text = None,
    sku: Text = None,
    since: Moment | None = None,
    until: Moment | None = None,
    after: Number = None,
    limit: Limit = PAGE_ROWS,
) -> Listed[ShownRow]:
    """Return rows of the journal, the newest first.

    ``number`` is of anything: a row, a document, its internal id, an external id, a source, a
    SKU.
    """
    wanted = JournalFilter(number=number, flow=flow, sku=sku, since=since, until=until)
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return await journal_page(on, applied.name, wanted, limit=limit, after=after)


@get("/journal/end", guards=[needs("look")], summary="The journal's end", tags=["Audit trail"])
async def show_end(request: WebRequest, connection: Name = None) -> JournalEnd:
    """Return number and hash of the last row, by which the chain is checked later."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return JournalEnd(end=await chain_end(on, applied.name))


@get("/acts", guards=[needs("look")], summary="List what people did", tags=["Audit trail"])
async def list_acts(
    request: WebRequest,
    *,
    connection: Name = None,
    person: Text = None,
    what: Text = None,
    since: Moment | None = None,
    until: Moment | None = None,
    after: Number = None,
    limit: Limit = PAGE_ROWS,
) -> Listed[PersonAct]:
    """Return what people did, the newest first; without a connection all of it."""
    wanted = ActFilter(person=person, what=what, since=since, until=until)
    async with Console.of(request).database.transaction() as on:
        name = (await which(on, connection)).name if connection else None
        return await acts_page(on, name, wanted, limit=limit, after=after)


ROUTES = (list_journal, show_end, list_acts)
