"""Pages of the journal and of what people did, the newest first."""

from datetime import datetime
from typing import Any, Final

from ml_connector.storage.database import Connection, rows

_COLUMNS: Final = (
    "number, posted_at, posting_id, run_id, flow, source, source_line, target, external_id,"
    " fact_date, posting_date, sku, item, location, lot, quantity, amount, currency, account,"
    " detail, hash"
)

_FILTERS: Final = {
    "flow": "flow = %(flow)s",
    "sku": "sku = %(sku)s",
    "since": "posted_at >= %(since)s",
    "until": "posted_at < %(until)s",
    "after": "number < %(after)s",
    "postings": "posting_id = any (%(postings)s)",
}

_ACT_FILTERS: Final = {
    "name": "connection = %(name)s",
    "person": "strpos(lower(person), lower(%(person)s)) > 0",
    "what": "starts_with(what, %(what)s)",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
    "after": "id < %(after)s",
}


async def journal(
    on: Connection,
    name: str,
    *,
    limit: int,
    after: int | None = None,
    postings: list[int] | None = None,
    flow: str | None = None,
    sku: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Return rows of a connection's journal, the newest first.

    Args:
        on: for reading.
        name: of the connection.
        limit: how many at most.
        after: only rows with a smaller number.
        postings: only rows of these documents.
        flow: exactly.
        sku: exactly.
        since: posted then or later.
        until: posted before then.
    """
    given = {
        "after": after,
        "postings": postings,
        "flow": flow,
        "sku": sku,
        "since": since,
        "until": until,
    }
    wanted = "".join(f" and {text}" for key, text in _FILTERS.items() if given[key] is not None)
    return await rows(
        on,
        f"select {_COLUMNS} from journal where connection = %(name)s{wanted}"  # noqa: S608 - our own texts
        " order by number desc limit %(limit)s",
        {"name": name, "limit": limit, **given},
    )


async def acts(
    on: Connection,
    *,
    limit: int,
    name: str | None = None,
    after: int | None = None,
    person: str | None = None,
    what: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Return what people did, the newest first.

    Args:
        on: for reading.
        limit: how many at most.
        name: of a connection; None: everything, also what concerns none.
        after: only acts with a smaller id.
        person: a part of the name.
        what: its beginning, such as ``connection``.
        since: then or later.
        until: before then.
    """
    given = {
        "name": name,
        "after": after,
        "person": person,
        "what": what,
        "since": since,
        "until": until,
    }
    wanted = [text for key, text in _ACT_FILTERS.items() if given[key] is not None]
    return await rows(
        on,
        "select id, at, person, what, connection, details from act"  # noqa: S608 - our own texts
        f"{' where ' if wanted else ''}{' and '.join(wanted)} order by id desc limit %(limit)s",
        {"limit": limit, **given},
    )
