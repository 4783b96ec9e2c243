"""Lists as files: sent while they are read, in the memory of one part."""

from collections.abc import AsyncIterator

import pytest
from litestar.response import Stream

from ml_connector.app.views.paging import Listed
from ml_connector.storage.database import Connection, Database
from ml_connector.web.console.table_file import every_row, table_file

ROWS = 30_000


async def parts(of: Stream) -> AsyncIterator[bytes]:
    source = of.iterator
    assert isinstance(source, AsyncIterator)
    async for part in source:
        assert isinstance(part, bytes)
        yield part


async def test_a_file_is_sent_while_its_rows_are_read() -> None:
    read = 0

    async def rows() -> AsyncIterator[tuple[object, ...]]:
        nonlocal read
        for number in range(ROWS):
            read += 1
            yield number, "=1+1"

    behind, lines = list[int](), 0
    async for part in parts(await table_file("rows", ("number", "text"), rows())):
        lines += part.count(b"\r\n")
        behind.append(read + 1 - lines)

    assert lines == ROWS + 1
    assert max(behind) <= 200
    assert len(behind) > 100


async def test_what_a_spreadsheet_would_run_gets_an_apostrophe_in_each_part() -> None:
    async def rows() -> AsyncIterator[tuple[object, ...]]:
        for number in range(450):
            yield -number, f"=HYPERLINK({number})", "@a", "+1", "-1", "\t=1"

    text = b"".join([part async for part in parts(await table_file("f", ("n",) * 6, rows()))])
    cells = [line.split(",") for line in text.decode("utf-8-sig").splitlines()[1:]]

    assert len(cells) == 450
    assert all(cell.startswith("'") for line in cells for cell in line[1:] if "=1" not in cell)
    assert [line[0] for line in cells] == [str(-number) for number in range(450)]
    assert text.count("\ufeff".encode()) == 1


async def test_what_can_t_be_read_at_all_is_no_file() -> None:
    async def rows() -> AsyncIterator[tuple[object, ...]]:
        raise ValueError("nothing")
        yield ()

    with pytest.raises(ValueError, match="nothing"):
        await table_file("rows", ("number",), rows())


async def test_no_connection_is_held_while_a_reader_is_slow(database_url: str) -> None:
    async def part(on: Connection, limit: int, after: str | None) -> Listed[int]:
        assert on is not None
        begin = int(after or 0)
        return Listed(rows=tuple(range(begin, begin + limit)), after=None if begin else str(limit))

    async with Database(database_url, size=1) as database:
        seen = []
        async for row in every_row(database, part):
            seen.append(row)
            if len(seen) % 300 == 0:
                assert await database.fetch("select 1 as one") == [{"one": 1}]

    assert seen == list(range(1_000))
