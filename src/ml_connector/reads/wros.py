"""Reads of very many WROs, such as those that ShipBob awaits, at few calls each time."""

import math
from collections.abc import AsyncIterator, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.paging import NumberedPage
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.receiving import AT_WORK, ENDED, WORKED_ON
from ml_connector.transport.call import Priority

_MOST: Final = 150
"""WROs in one call (shipbob.md section 9.3); each look makes one."""

FEW_PAGES: Final = 5
"""A list of at most so many pages is read whole each time."""

_DAY: Final = timedelta(days=1)


class WroEnds:
    """Looks which WROs have ended, however many are waited for, with one call each time.

    A mass edit may leave thousands of them. They are then looked at in turn, so that the limit of
    ShipBob's calls is left to those who work.

    Args:
        shipbob: the client of the account.
    """

    def __init__(self, shipbob: ShipBob) -> None:
        self._shipbob = shipbob
        self._last = 0

    async def ended(self, wro_ids: Collection[int]) -> set[int]:
        """Return those of these WROs that are found to have ended."""
        ordered = sorted(set(wro_ids))
        begin = next((at for at, wro_id in enumerate(ordered) if wro_id > self._last), 0)
        some = (ordered[begin:] + ordered[:begin])[:_MOST]
        if not some:
            return set()
        self._last = some[-1]
        wros = self._shipbob.wros(ids=some, priority=Priority.BULK)
        return {wro.id async for wro in wros if wro.status in ENDED and wro.id in some}


class DayPart(NamedTuple):
    """A part of a day, as shares of its length.

    Attributes:
        day: its first moment in UTC.
        begin: from 0 to 1.
        end: likewise.
    """

    day: datetime
    begin: float
    end: float

    def pages(self, count: int) -> range:
        """Return the same part of so many pages, by their numbers from 1 on."""
        return range(math.floor(self.begin * count) + 1, math.ceil(self.end * count) + 1)


def day_parts(begin: datetime, end: datetime) -> Iterator[DayPart]:
    """Yield the parts of days that lie between two moments. Pure.

    Args:
        begin: aware.
        end: likewise.
    """
    day = begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        yield DayPart(day, max(0.0, (begin - day) / _DAY), min(1.0, (end - day) / _DAY))
        day += _DAY


class FewWros(NamedTuple):
    """The WROs that are not marked as booked, if they are few.

    Attributes:
        wros: None where they are many.
        is_counted: whether ShipBob says how many pages there are.
    """

    wros: list[Wro] | None
    is_counted: bool = True


class OpenWros:
    """Reads the WROs of which something may be received, as bulk work.

    Args:
        shipbob: the client of the account.
    """

    def __init__(self, shipbob: ShipBob) -> None:
        self._shipbob = shipbob

    async def every(self, since: datetime) -> AsyncIterator[Wro]:
        """Yield all that are not marked as booked, where they are few; see ``few``.

        Of many those that were made since a moment, and ``older`` ones.
        """
        few = (await self.few()).wros
        lists = [self.unmarked(since), self.older(since, since)]
        for wros in lists if few is None else [self.listed(few)]:
            async for wro in wros:
                yield wro

    async def of_long_ago(self, since: datetime) -> AsyncIterator[Wro]:
        """Yield those of ``every`` that were made before a moment."""
        few = (await self.few()).wros
        async for wro in self.older(since, since) if few is None else self.listed(few):
            yield wro

    async def few(self) -> FewWros:
        """Return all that are not marked as booked, however old, if they are few.

        If they are not, it costs one call.
        """
        first = await self._page(1)
        if first.pages is None or first.pages > FEW_PAGES:
            return FewWros(None, is_counted=first.pages is not None)
        rest = [await self._page(number) for number in range(2, first.pages + 1)]
        return FewWros([wro for page in (first, *rest) for wro in page.rows])

    async def listed(self, wros: Collection[Wro]) -> AsyncIterator[Wro]:
        """Yield these, each once."""
        for wro in {one.id: one for one in wros}.values():
            yield wro

    async def made(self, since: datetime, until: datetime | None = None) -> AsyncIterator[Wro]:
        """Yield all that were made between two moments, marked or not."""
        async for wro in self._shipbob.wros(
            inserted_since=since, inserted_until=until, priority=Priority.BULK
        ):
            yield wro

    async def older(self, since: datetime, completed_since: datetime) -> AsyncIterator[Wro]:
        """Yield those made before a moment that are not marked, and not over or completed since.

        Args:
            since: that moment, aware.
            completed_since: aware.
        """
        async for wro in self._shipbob.wros(
            statuses=AT_WORK, inserted_until=since, external_sync=False, priority=Priority.BULK
        ):
            yield wro
        async for wro in self._shipbob.wros(
            inserted_until=since,
            completed_since=completed_since,
            external_sync=False,
            priority=Priority.BULK,
        ):
            yield wro

    async def unmarked(self, since: datetime) -> AsyncIterator[Wro]:
        """Yield all made since a moment that are not marked."""
        async for wro in self._shipbob.wros(
            inserted_since=since, external_sync=False, priority=Priority.BULK
        ):
            yield wro

    async def in_parts(
        self, since: datetime, between: tuple[datetime, datetime], *, made_since: datetime
    ) -> AsyncIterator[Wro]:
        """Yield of many those on which ShipBob works, and of all WROs the part of a time of day.

        Args:
            since: when the oldest of those was made on which ShipBob works.
            between: the time of day, two aware moments: who asks for one time after another has
                seen all in a day.
            made_since: when the oldest of the others was made, marked or not.
        """
        async for wro in self._shipbob.wros(
            statuses=WORKED_ON, inserted_since=since, external_sync=False, priority=Priority.BULK
        ):
            yield wro
        look_back = timedelta(days=round((between[1] - made_since) / _DAY))
        for part in day_parts(*between):
            async for wro in self._of_day(part.day - look_back, part):
                yield wro

    async def _page(self, number: int) -> NumberedPage[Wro]:
        return await self._shipbob.wro_page(number, external_sync=False, priority=Priority.BULK)

    async def _of_day(self, oldest: datetime, part: DayPart) -> AsyncIterator[Wro]:
        """Yield a part of the WROs that were made before a day.

        Nothing is added to their list or taken from it while the day lasts, marked ones are in
        it too: so its pages stay where they are.
        """
        first = await self._day_page(1, oldest, part)
        count = 1 if first.pages is None else first.pages
        for number in part.pages(count):
            page = first if number == 1 else await self._day_page(number, oldest, part)
            for wro in page.rows:
                yield wro

    async def _day_page(self, number: int, oldest: datetime, part: DayPart) -> NumberedPage[Wro]:
        return await self._shipbob.wro_page(
            number, inserted_since=oldest, inserted_until=part.day, priority=Priority.BULK
        )
