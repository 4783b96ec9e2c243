"""The month-end reports that were made: when, by whom, and what they came to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Json

from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Connection, Database, one, rows


@dataclass(frozen=True, kw_only=True)
class MadeReport:
    """A report that was made.

    Attributes:
        id: as ``next_id`` gave it.
        month: such as ``2026-11``.
        is_green: whether nothing was left unexplained.
        differences: those that were left open, with their causes.
        explained: how many others there were.
        head_number, head_hash: the journal's end that the report is about.
        files: what was written, each with the SHA-256 of its bytes in hex.
        shown: the report for a program.
        version: of the software that made it.
    """

    id: int
    connection: str
    month: str
    is_green: bool
    differences: Sequence[Any]
    explained: int
    head_number: int
    head_hash: str
    files: Mapping[str, str]
    shown: Mapping[str, Any]
    version: str


async def next_id(database: Database) -> int:
    """Return the id of the next report, which nobody else gets."""
    [row] = await database.fetch("select nextval('month_report_id') as id")
    return int(row["id"])


async def made(database: Database, names: Collection[str]) -> list[dict[str, Any]]:
    """Return the reports that were made for these connections, the newest first."""
    return await database.fetch(
        "select id, connection, month, made_at, person, version, green, open, explained,"
        " head_number, head_hash, files from month_report"
        " where connection = any (%(names)s) order by id desc",
        {"names": list(names)},
    )


async def record(connection: Connection, report: MadeReport, *, person: str) -> None:
    """Keep that a report was made, and note it as that person's act."""
    await rows(
        connection,
        "insert into month_report (id, connection, month, person, green, open, explained,"
        " head_number, head_hash, files, differences, shown, version) values (%(id)s,"
        " %(connection)s, %(month)s, %(person)s, %(green)s, %(open)s, %(explained)s,"
        " %(number)s, %(hash)s,"
        " %(files)s, %(differences)s, %(shown)s, %(version)s)",
        {
            "id": report.id,
            "connection": report.connection,
            "month": report.month,
            "person": person,
            "green": report.is_green,
            "open": len(report.differences),
            "explained": report.explained,
            "number": report.head_number,
            "hash": report.head_hash,
            "files": Json(report.files),
            "differences": Json(report.differences),
            "shown": Json(report.shown),
            "version": report.version,
        },
    )
    await acts.record(
        connection,
        person,
        "reconcile",
        connection=report.connection,
        details={"report": report.id, "month": report.month, "green": report.is_green},
    )


async def newest_by_month(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Return the newest report of each month of a connection, the newest month first."""
    return await rows(
        connection,
        "select distinct on (month) id, month, made_at, person, version, green, open, explained"
        " from month_report where connection = %(name)s order by month desc, id desc",
        {"name": name},
    )


async def of_month(connection: Connection, name: str, month: str) -> list[dict[str, Any]]:
    """Return the reports of a month, the newest first, without what they show."""
    return await rows(
        connection,
        "select id, month, made_at, person, version, green, open, explained, files"
        " from month_report where connection = %(name)s and month = %(month)s order by id desc",
        {"name": name, "month": month},
    )


async def shown(connection: Connection, name: str, report_id: int) -> Mapping[str, Any] | None:
    """Return what a report shows; None where it is older than that this is kept, or not there."""
    row = await one(
        connection,
        "select shown from month_report where connection = %(name)s and id = %(id)s",
        {"name": name, "id": report_id},
    )
    return None if row is None else row["shown"]


async def file(connection: Connection, name: str, report_id: int, file_name: str) -> str | None:
    """Return where a file of a report was written; None where it has none of this name."""
    row = await one(
        connection,
        "select files from month_report where connection = %(name)s and id = %(id)s",
        {"name": name, "id": report_id},
    )
    written = () if row is None else row["files"]
    return next((path for path in written if Path(path).name == file_name), None)
