"""SuiteQL: typed rows for a query with bound parameters (netsuite.md section 4)."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from ml_connector.errors import Retryable
from ml_connector.netsuite import dialect
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import QueryRefused, UnknownIdentifier
from ml_connector.netsuite.row_pages import TypedPage, read_page
from ml_connector.netsuite.session import NetSuiteSession
from ml_connector.transport.call import Answer, Call, Patience, Priority
from ml_connector.transport.spoiled import Spoiled

_NETSUITE: Final = "NetSuite"

PAGE_ROWS: Final = 1000
MOST_PAGES: Final = 100
"""NetSuite gives at most 100,000 rows of one query (netsuite.md section 4.3)."""

_LACKING_SECONDS: Final = 6 * 3600.0

T = TypeVar("T")
Parameters = Sequence[str | int]


class SuiteQL:
    """Queries of one account.

    A query is one SELECT with ``?`` for every value. A part in square brackets is optional: if it
    names a column or table that the account does not know, it is left out, and for six hours it is
    not tried again (section 4.5). Its field of the row type must have a default.

    A row type is a struct with the columns in lower case. Every value comes as a text, and a
    missing one is NULL (section 4.2): use ``str``, ``int``, ``Decimal``, ``date`` and
    ``dialect.Flag``, with a default for columns that may be NULL.

    Args:
        session: sends the calls.
        account: where to.
        monotonic: a clock that never goes back, in seconds.
    """

    def __init__(
        self,
        session: NetSuiteSession,
        account: Account,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._account = account
        self._monotonic = monotonic
        self._lacking: dict[str, float] = {}

    async def rows(
        self,
        query: str,
        params: Parameters = (),
        *,
        type: type[T],  # noqa: A002 - what msgspec calls it too
        operation: str = "suiteql",
        priority: Priority = Priority.LIVE,
    ) -> list[T]:
        """Return all rows of a query that has few of them; for many rows use ``pages``.

        Further pages are read by offset, which needs a total ORDER BY.

        Raises:
            UnknownIdentifier: a column or table that is not optional is not known.
            NeedsHuman, Retryable: as the session says. Retryable also when the rows changed while
                they were read.
            Unreadable: a row has another shape than is documented, and nobody gathers such rows.
            ValueError: the query is refused by ``dialect.check``, or goes over several pages
                without ORDER BY.
        """
        found: list[T] = []
        spoiled = Spoiled(_NETSUITE, type.__name__, operation)
        total: int | None = None
        for number in range(MOST_PAGES):
            page = await self._page(
                query,
                params,
                type=type,
                offset=number * PAGE_ROWS,
                operation=operation,
                priority=priority,
                spoiled=spoiled,
            )
            found += page.items
            if number and page.total_results != total:
                raise Retryable(f"Rows of {operation} changed in NetSuite while they were read")
            total = page.total_results
            if not page.has_more:
                spoiled.tell()
                return found
            if "ORDER BY" not in query:
                raise ValueError(f"{operation} has more than one page and no ORDER BY")
        raise ValueError(f"{operation} has more than {MOST_PAGES * PAGE_ROWS:,} rows")

    async def rows_in(
        self,
        query: str,
        values: Sequence[str],
        *,
        type: type[T],  # noqa: A002 - what msgspec calls it too
        operation: str = "suiteql",
        priority: Priority = Priority.LIVE,
    ) -> list[T]:
        """Return all rows of a query with ``IN ({list})``, asked for 1,000 values at a time.

        Where the list stands twice, both are the same, and each holds half as many. Each value is
        asked for once; without values there is no call. No other parameters are in the query.

        Raises:
            UnknownIdentifier, NeedsHuman, Retryable, ValueError: as for ``rows``.
        """
        found: list[T] = []
        lists = query.count("{list}")
        for placeholders, chunk in dialect.in_lists(values, most=dialect.MOST_IN_LIST // lists):
            found += await self.rows(
                query.replace("{list}", placeholders),
                tuple(chunk) * lists,
                type=type,
                operation=operation,
                priority=priority,
            )
        return found

    async def pages(
        self,
        query: str,
        params: Parameters = (),
        *,
        within: Sequence[str] = (),
        type: type[T],  # noqa: A002 - what msgspec calls it too
        start: Parameters,
        key: Callable[[T], Parameters],
        operation: str = "suiteql",
        priority: Priority = Priority.BULK,
    ) -> AsyncIterator[list[T]]:
        """Yield the rows of a query in pages of up to 1,000, by keyset (section 4.3).

        Each page begins after the last row of the one before, so no row is skipped or read twice
        when others change meanwhile. Behind a page of which no row can be read, and so none says
        where the next page begins, it goes on by offset.

        Args:
            query: ends like ``AND t.id > ? ORDER BY t.id``: its last parameters are the key.
            params: all parameters but the key.
            within: at most 1,000 values for an ``IN ({list})`` that stands before all other
                parameters.
            type: of a row.
            start: the key before the first row, such as ``(0,)``.
            key: the key of a row.
            operation: name of the call.
            priority: its place in the queue.

        Raises:
            UnknownIdentifier, NeedsHuman, Retryable, ValueError: as for ``rows``.
            Unreadable: likewise, after all rows that can be read.
        """
        spoiled = Spoiled(_NETSUITE, type.__name__, operation)
        after, offset = tuple(start), 0
        if within:
            [(placeholders, values)] = dialect.in_lists(within)
            query, params = query.replace("{list}", placeholders), (*values, *params)
        while True:
            before = len(spoiled)
            page = await self._page(
                query,
                (*params, *after),
                type=type,
                offset=offset,
                operation=operation,
                priority=priority,
                spoiled=spoiled,
            )
            rows = _with_keys(page.items, key, spoiled)
            if rows:
                yield rows
            if not page.has_more and page.listed < PAGE_ROWS:
                spoiled.tell()
                return
            if not rows and len(spoiled) > before:
                offset += PAGE_ROWS
                if offset < MOST_PAGES * PAGE_ROWS:
                    continue
            if not rows and spoiled:
                spoiled.fail()  # the same odd rows again, or more than NetSuite gives of a query
            following = tuple(key(rows[-1])) if rows else after
            if following == after:
                raise Retryable(f"NetSuite's pages of {operation} do not go forward")
            after, offset = following, 0

    async def look(
        self, query: str, params: Parameters, *, operation: str, priority: Priority = Priority.LIVE
    ) -> None:
        """Send a query whose rows nobody wants: whether it can be asked is all that counts.

        Raises:
            UnknownIdentifier, NeedsHuman, Retryable, ValueError: as for ``rows``.
        """
        await self._answer(query, params, limit=1, operation=operation, priority=priority)

    async def _page(
        self,
        query: str,
        params: Parameters,
        *,
        type: type[T],  # noqa: A002 - what msgspec calls it too
        offset: int,
        operation: str,
        priority: Priority,
        spoiled: Spoiled,
    ) -> TypedPage[T]:
        """Ask for one page, without the optional parts that the account lacks."""
        answer = await self._answer(
            query, params, limit=PAGE_ROWS, offset=offset, operation=operation, priority=priority
        )
        return read_page(answer.body, type, operation, spoiled=spoiled)

    async def _answer(
        self,
        query: str,
        params: Parameters,
        *,
        limit: int,
        offset: int = 0,
        operation: str,
        priority: Priority,
    ) -> Answer:
        while True:
            lacking = self._lacking_now()
            text = dialect.without(query, lacking)
            dialect.check(text, params)
            call = query_call(
                self._session,
                self._account,
                text,
                params,
                limit=limit,
                offset=offset,
                operation=operation,
                priority=priority,
            )
            try:
                return await self._sent(call, text)
            except UnknownIdentifier as error:
                named = [
                    part
                    for part in dialect.optional_parts(query)
                    if part not in lacking and dialect.names(part, error.identifier)
                ]
                if not named:
                    raise
                self._lacking.update(dict.fromkeys(named, self._monotonic()))

    async def _sent(self, call: Call, query: str) -> Answer:
        """Send a query; an unknown name is recognised in whatever language it is refused."""
        try:
            return await self._session.send(call)
        except QueryRefused as error:
            unknown = dialect.unknown_of(query, error.named)
            if unknown is None:
                raise
            raise UnknownIdentifier(*unknown) from error

    def _lacking_now(self) -> frozenset[str]:
        oldest = self._monotonic() - _LACKING_SECONDS
        return frozenset(part for part, since in self._lacking.items() if since > oldest)


def _with_keys(rows: list[T], key: Callable[[T], Parameters], spoiled: Spoiled) -> list[T]:
    """Return the rows that say where they stand; of the others the key can't be read."""
    found: list[T] = []
    for row in rows:
        try:
            key(row)
        except ValueError as error:
            spoiled.add(msgspec.to_builtins(row), msgspec.ValidationError(f"its key: {error}"))
        else:
            found.append(row)
    return found


def query_call(
    session: NetSuiteSession,
    account: Account,
    query: str,
    params: Parameters,
    *,
    limit: int = PAGE_ROWS,
    offset: int,
    operation: str,
    priority: Priority,
) -> Call:
    """Return the call for one page (netsuite.md section 4.1).

    Parameters are sent as texts, as in Oracle's own sample.
    """
    body: dict[str, object] = {"q": query}
    if params:
        body["params"] = [str(value) for value in params]
    return session.call(
        operation,
        "POST",
        f"{account.suiteql_url}?limit={limit}&offset={offset}",
        headers={"Content-Type": "application/json", "Prefer": "transient"},
        body=msgspec.json.encode(body),
        patience=Patience.QUERY,
        repeatable=True,
        priority=priority,
    )
