"""What pages and the API show, with a million events and rows of the journal."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from ml_connector.app.views.audit_trail import ActFilter, JournalFilter, acts_page, journal_page
from ml_connector.app.views.desk.attention import AttentionWanted, attention
from ml_connector.app.views.desk.search import search
from ml_connector.app.views.flow_pages import flow_figures, flow_subjects
from ml_connector.app.views.invoices import invoice_list
from ml_connector.app.views.overview import overview
from ml_connector.app.views.paging import PAGE_ROWS
from ml_connector.bench.figures import Figure, Measured, percentile
from ml_connector.bench.filled_books import fill_books
from ml_connector.ledger.connections import connections
from ml_connector.storage import embedded
from ml_connector.storage.database import Database, rows
from ml_connector.storage.migrate import migrate
from ml_connector.words import Role

EVENTS: Final = 1_000_000
QUICK_EVENTS: Final = 20_000
MOST_MILLISECONDS: Final = 200.0
MOST_OF_A_SEARCH: Final = 100.0

_NAME: Final = "acme"
_TIMES: Final = 40
_MILLI: Final = 1e3

Look = Callable[[], Awaitable[object]]


def page_views(folder: Path, *, quick: bool) -> Measured:
    """Measure what each page asks of the database, and makes of it; not its writing as HTML.

    The floor is a transaction that reads one row.

    Args:
        folder: for the database.
        quick: smaller books.
    """
    events = QUICK_EVENTS if quick else EVENTS
    with embedded.start(folder) as owner:
        migrate(owner.url)
        measured = asyncio.run(_measured(owner.url, events))
    return Measured(
        name="pages",
        about=f"what pages show of {events:,} events and as many rows of the journal",
        figures=tuple(_figures(measured)),
    )


def _figures(measured: Mapping[str, list[float]]) -> Iterator[Figure]:
    for name, times in measured.items():
        yield Figure(
            name=f"{name}, p95",
            value=percentile(times, 0.95) * _MILLI,
            unit="ms",
            at_most=_at_most(name),
        )


def _at_most(name: str) -> float | None:
    if "floor" in name:
        return None
    return MOST_OF_A_SEARCH if name.startswith("search") else MOST_MILLISECONDS


async def _measured(url: str, events: int) -> dict[str, list[float]]:
    async with Database(url, size=2) as database:
        async with database.transaction() as on:
            await fill_books(on, _NAME, events=events)
        async with database.single() as on:
            await rows(on, "vacuum analyze")
        looks = await _looks(database, events)
        return {name: await _times(look) for name, look in looks.items()}


async def _times(look: Look) -> list[float]:
    await look()
    found: list[float] = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await look()
        found.append(time.perf_counter() - began)
    return found


async def _looks(database: Database, events: int) -> dict[str, Look]:
    async with database.single() as on:
        applied = await connections.find(on, _NAME)
    assert applied is not None  # noqa: S101 - it was written just now

    def on_books(view: Callable[..., Awaitable[Any]], *given: Any, **more: Any) -> Look:
        async def look() -> object:
            async with database.transaction() as on:
                return await view(on, _NAME, *given, **more)

        return look

    async def needs_attention() -> object:
        async with database.transaction() as on:
            return await attention(on, [_NAME], AttentionWanted(), person="dana", role=Role.ADMIN)

    journal = partial(on_books, journal_page, limit=PAGE_ROWS)
    flow = partial(on_books, flow_subjects, "tracking", limit=PAGE_ROWS)
    return {
        "floor: one row": lambda: database.fetch("select name from connection limit 1"),
        "overview": lambda: overview(database, applied, now=datetime.now(UTC)),
        "a flow's figures": on_books(flow_figures, "tracking"),
        "a flow": flow(),
        "a flow, far down": flow(after=events // 50),
        "a flow, what is stopped": flow(standing="stopped"),
        "invoices": on_books(invoice_list, limit=PAGE_ROWS),
        "journal": journal(JournalFilter()),
        "journal, far down": journal(JournalFilter(), after=events // 2),
        "journal, a SKU": journal(JournalFilter(sku="SKU-7")),
        "journal, a number": journal(JournalFilter(number="mlc-77-1")),
        "journal, a number that is nowhere": journal(JournalFilter(number="nowhere")),
        "needs attention": needs_attention,
        **_searches(database, events),
        "acts": on_books(acts_page, ActFilter(), limit=PAGE_ROWS),
    }


def _searches(database: Database, events: int) -> dict[str, Look]:
    def sought(number: str) -> Look:
        async def look() -> object:
            async with database.transaction() as on:
                return await search(on, [_NAME], number)

        return look

    return {
        "search, a subject": sought(str(500_000 + events // 20)),
        "search, a document": sought("mlc-77-1"),
        "search, a webhook": sought(f"msg_{events // 2}"),
        "search, what is nowhere": sought("nowhere-at-all"),
    }
