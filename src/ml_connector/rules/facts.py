"""Facts that several flows need, as a run keeps them."""

from datetime import date, datetime, timedelta

import msgspec

from ml_connector.netsuite.queries.items import Item
from ml_connector.reads.reads import Reads


class ItemFact(msgspec.Struct, frozen=True, kw_only=True):
    """A NetSuite item that a SKU matched (netsuite.md section 5.6).

    Attributes:
        full_name: ``parent : child`` of a matrix child, where it is not its name.
    """

    id: str
    name: str
    inactive: bool = False
    lot_tracked: bool = False
    serialized: bool = False
    kind: str = ""
    stock_unit: str | None = None
    full_name: str = ""

    @property
    def shown(self) -> str:
        """What a person calls it, told from others of its name."""
        return f"{self.full_name or self.name} (item {self.id})"


class PeriodFact(msgspec.Struct, frozen=True, kw_only=True):
    """A posting period and whether stock may still be posted in it (section 13.5).

    Attributes:
        takes_news: whether what does not touch the ledger may be changed although it is closed.
    """

    name: str
    start: date
    end: date
    open: bool
    takes_news: bool = False


def item_fact(item: Item) -> ItemFact:
    """Return the fact that a run keeps of an item."""
    return ItemFact(
        id=item.id,
        name=item.itemid,
        inactive=bool(item.isinactive),
        lot_tracked=bool(item.islotitem),
        serialized=bool(item.isserialitem),
        kind=item.itemtype,
        stock_unit=item.stockunit,
        full_name=item.fullname if item.fullname != item.itemid else "",
    )


async def stock_periods(moment: datetime | None, reads: Reads) -> tuple[PeriodFact, ...]:
    """Return the posting periods from the one of a moment on; none where they can't be read.

    The merchant's local date is at the earliest the day before the date in UTC, wherever the
    merchant is.

    Args:
        moment: of the fact; without one there is none.
        reads: of the connection.
    """
    if moment is None:
        return ()
    return await periods_from((moment - timedelta(days=1)).date(), reads)


async def periods_from(day: date, reads: Reads) -> tuple[PeriodFact, ...]:
    """Return the posting periods from the one of a day on, as stock is posted into them."""
    return tuple(
        PeriodFact(
            name=period.periodname,
            start=period.startdate,
            end=period.enddate,
            open=period.open_for_stock,
            takes_news=bool(period.allownonglchanges),
        )
        for period in await reads.periods(day)
    )
