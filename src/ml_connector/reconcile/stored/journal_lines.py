"""The journal's part of the CSV, copied from the database straight into the file.

A million rows come as a million messages, which a thread receives in a quarter of the time that
an event loop needs. So each half of the rows is copied by a thread with a connection of its own,
in the snapshot that the report is made of.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from ml_connector.reconcile.stored import line_sql
from ml_connector.shown import visible_bytes
from ml_connector.storage import snapshots

_NAME: Final = "ml-connector reconcile"
_BLOCK: Final = 1 << 20
"""How many bytes are written at once."""

_STOP_SECONDS: Final = 5.0


class Half:
    """Some of the journal's rows on their way into a file.

    Args:
        url: of the database.
        snapshot: that the report is made of.
        parameters: of the statements of lines, with the numbers ``from`` and ``to``.
        verdicts: the kinds of difference of a document, by external id.
        path: of the file.
        heading: whether the columns' names come first.
    """

    def __init__(
        self,
        url: str,
        snapshot: str,
        parameters: Mapping[str, object],
        verdicts: Sequence[tuple[str, str]],
        path: Path,
        *,
        heading: bool,
    ) -> None:
        self._url = url
        self._snapshot = snapshot
        self._parameters = parameters
        self._verdicts = verdicts
        self._path = path
        self._statement = line_sql.HEADING_AND_LINES if heading else line_sql.LINES
        self._connection: snapshots.SyncConnection | None = None
        self._stopped = False

    def write(self) -> None:
        """Write the rows; for a thread, which waits for them.

        Raises:
            OSError: the file can't be written.
        """
        with (
            closing(snapshots.opened(self._url, self._snapshot, name=_NAME)) as connection,
            connection.cursor() as cursor,
        ):
            self._connection = connection
            cursor.execute("set local statement_timeout = '600s'")
            cursor.execute("set local work_mem = '64MB'")  # however many verdicts: a hashed set
            cursor.execute(line_sql.VERDICTS)
            with cursor.copy("copy month_verdict (external_id, kinds) from stdin") as into:
                for verdict in self._verdicts:
                    into.write_row(verdict)
            cursor.execute("analyze month_verdict")
            if self._stopped:
                return
            with (
                self._path.open("wb", buffering=_BLOCK) as file,
                cursor.copy(self._statement.encode(), self._parameters) as out,
            ):
                file.writelines(map(visible_bytes, out))

    def stop(self) -> None:
        """Cancel the statement in the database; ``write`` then fails, or returns."""
        self._stopped = True
        if self._connection is not None and not self._connection.closed:
            self._connection.cancel_safe(timeout=_STOP_SECONDS)


async def write(
    url: str,
    snapshot: str,
    parameters: Mapping[str, Any],
    verdicts: Sequence[tuple[str, str]],
    path: Path,
    *,
    lowest: int,
    highest: int,
) -> None:
    """Write the journal rows of the month into a file, with the columns' names above.

    Args:
        url: of the database.
        snapshot: that the report is made of.
        parameters: of ``line_sql``.
        verdicts: the kinds of difference of a document, by external id.
        path: the file; the second half of the rows lies beside it for a while.
        lowest: number of the first row of the month.
        highest: number of the last.

    Raises:
        OSError: the file can't be written.
    """
    middle = (lowest + highest) // 2
    spans = [(lowest, middle), (middle + 1, highest)]
    paths = [path, path.with_suffix(".rest")]
    halves = [
        Half(
            url,
            snapshot,
            {**parameters, "from": first, "to": last},
            verdicts,
            at,
            heading=at == path,
        )
        for at, (first, last) in zip(paths, spans, strict=True)
    ]
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(len(halves)) as threads:
        try:
            await asyncio.gather(*(loop.run_in_executor(threads, one.write) for one in halves))
        except BaseException:
            for one in halves:
                one.stop()
            raise
    await asyncio.to_thread(_append, paths[1], path)


def _append(rest: Path, path: Path) -> None:
    with rest.open("rb") as source, path.open("ab") as into:
        shutil.copyfileobj(source, into, _BLOCK)
    rest.unlink()
