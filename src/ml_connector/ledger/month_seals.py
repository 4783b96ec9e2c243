"""Seals of months: which are closed by us, by whom, and what their reports said then."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

from psycopg.types.json import Json

from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Connection, Database, one, rows

_FRESH_SECONDS: Final = 10.0

_COLUMNS: Final = (
    "s.id, s.month, s.report, s.sealed_at, s.sealed_by, s.figures, s.unsealed_at, s.unsealed_by,"
    " s.unseal_note, r.version, r.head_number, r.head_hash"
)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A month that was closed.

    Attributes:
        month: such as ``2026-11``.
        report: id of the report that it stands on.
        version: of the software that made that report.
        head_number, head_hash: the journal's end of that report.
        figures: of each line of that report; see ``reconcile.after_close``.
        unsealed_at: when it was opened again; None: the seal stands.
    """

    id: int
    month: str
    report: int
    sealed_at: datetime
    sealed_by: str
    version: str | None
    head_number: int
    head_hash: str
    figures: Sequence[Any]
    unsealed_at: datetime | None = None
    unsealed_by: str | None = None
    unseal_note: str | None = None


async def seal(
    on: Connection,
    name: str,
    month: str,
    *,
    report: int,
    figures: Sequence[Any],
    closing: Sequence[Any] | None,
    person: str,
) -> None:
    """Close a month, and note it as that person's act.

    Args:
        on: the transaction.
        name: of the connection.
        month: such as ``2026-11``, without a seal that stands.
        report: id of the report that it stands on.
        figures: of its lines.
        closing: the stock of both systems by place, as ``tie_out.openings`` writes it; None where
            it was not tied out.
        person: who closes it.
    """
    await rows(
        on,
        "insert into month_seal (connection, month, report, sealed_by, figures, closing)"
        " values (%(name)s, %(month)s, %(report)s, %(person)s, %(figures)s, %(closing)s)",
        {
            "name": name,
            "month": month,
            "report": report,
            "person": person,
            "figures": Json(figures),
            "closing": None if closing is None else Json(closing),
        },
    )
    await acts.record(
        on, person, "month.close", connection=name, details={"month": month, "report": report}
    )


async def unseal(on: Connection, name: str, month: str, *, person: str, note: str) -> bool:
    """Open a month again; the seal is kept. False when none stood."""
    ended = await one(
        on,
        "update month_seal set unsealed_at = clock_timestamp(), unsealed_by = %(person)s,"
        " unseal_note = %(note)s where connection = %(name)s and month = %(month)s"
        " and unsealed_at is null returning id, report",
        {"name": name, "month": month, "person": person, "note": note},
    )
    if ended is None:
        return False
    await acts.record(
        on,
        person,
        "month.unseal",
        connection=name,
        details={"month": month, "seal": ended["id"], "report": ended["report"], "note": note},
    )
    return True


async def closing_of(on: Connection, name: str, month: str) -> Sequence[Any] | None:
    """Return the stock with which a month was closed; None where it is open, or was not tied."""
    found = await one(
        on,
        "select closing from month_seal where connection = %(name)s and month = %(month)s"
        " and unsealed_at is null",
        {"name": name, "month": month},
    )
    return None if found is None else found["closing"]


async def standing(on: Connection, name: str, month: str) -> Seal | None:
    """Return the seal of a month that stands; None where it is open."""
    found = await of_month(on, name, month)
    return next((each for each in found if each.unsealed_at is None), None)


async def of_month(on: Connection, name: str, month: str) -> list[Seal]:
    """Return all seals of a month, the newest first."""
    found = await rows(
        on,
        f"select {_COLUMNS} from month_seal as s join month_report as r on r.id = s.report"  # noqa: S608 - a text of ours
        " where s.connection = %(name)s and s.month = %(month)s order by s.id desc",
        {"name": name, "month": month},
    )
    return [Seal(**row) for row in found]


async def sealed_months(on: Connection, name: str) -> Mapping[str, Seal]:
    """Return the seals that stand, by month."""
    found = await rows(
        on,
        f"select {_COLUMNS} from month_seal as s join month_report as r on r.id = s.report"  # noqa: S608 - a text of ours
        " where s.connection = %(name)s and s.unsealed_at is null",
        {"name": name},
    )
    return {row["month"]: Seal(**row) for row in found}


class SealedMonths(Protocol):
    """The months of one connection that are closed by us, as reads."""

    async def first_days(self) -> Sequence[date]:
        """Return the first day of each."""


class NoSealedMonths:
    """A connection without a ledger: no month is closed."""

    async def first_days(self) -> Sequence[date]:
        """Return nothing."""
        return ()


class KeptSeals:
    """The months of one connection that are closed, from the database; a few seconds old."""

    def __init__(self, database: Database, connection_name: str) -> None:
        self._database = database
        self._connection_name = connection_name
        self._known: tuple[float, Sequence[date]] | None = None

    async def first_days(self) -> Sequence[date]:
        """Return the first day of each."""
        if self._known is not None and time.monotonic() < self._known[0]:
            return self._known[1]
        found = await self._database.fetch(
            "select month from month_seal where connection = %(name)s and unsealed_at is null",
            {"name": self._connection_name},
        )
        days = [
            datetime.strptime(f"{row['month']}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
            for row in found
        ]
        self._known = (time.monotonic() + _FRESH_SECONDS, days)
        return days
