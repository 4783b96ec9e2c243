"""Writing to the terminal: tables and lines for people, or one JSON document."""

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ml_connector.cli.table_layout import GAP, Column, in_cell, layout
from ml_connector.shown import escaped_json, visible

_ONE: Final = "connection"


class Printer:
    """Prints the output of a command.

    With ``as_json`` only one call, of ``answer`` or ``error``, writes to standard output.
    """

    def __init__(self, *, as_json: bool = False, color: bool | None = None) -> None:
        self.as_json = as_json
        self.one_connection = False
        """Whether there is only one connection, so that a table need not name it."""
        self._out = _console(sys.stdout, color)
        self._err = _console(sys.stderr, color)

    @property
    def errors(self) -> Console:
        """The console on standard error, for progress bars."""
        return self._err

    @contextmanager
    def counting(self, what: str) -> Generator[Callable[..., None]]:
        """Show a progress bar on standard error, if that is a terminal.

        Yields a function to call with the number done so far, the expected total, if known, and
        what else there is to say.
        """
        if self.as_json or not self._err.is_terminal:
            yield _tell_nobody
            return
        words = TextColumn("{task.description}", markup=False)
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), words)
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task("", total=None)

            def told(done: int, total: int | None = None, note: str = "") -> None:
                bar.update(task, completed=done, total=total, description=note)

            yield told

    def answer(self, document: Any) -> None:
        """Print the command's answer as JSON, when that is wanted."""
        if self.as_json:
            text = msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2)
            sys.stdout.write(escaped_json(text.decode()) + "\n")
            sys.stdout.flush()

    def line(self, text: str, *, style: str = "") -> None:
        """Print a line for a person."""
        if not self.as_json:
            self._out.print(Text(_lines(text), style=style), soft_wrap=True)

    def note(self, text: str) -> None:
        """Print a line about what is going on, to standard error."""
        self._err.print(Text(_lines(text), style="dim"), soft_wrap=True)

    def table(
        self, columns: Sequence[str | Column], rows: Sequence[Sequence[object]], *, empty: str
    ) -> None:
        """Print a table for a person, or a sentence when there is nothing in it.

        A column "connection" is left out when there is only one connection. What does not fit
        the terminal is left out and named below the table.
        """
        if self.as_json:
            return
        if not rows:
            self.line(empty)
            return
        given = [one if isinstance(one, Column) else Column(one) for one in columns]
        kept = [
            at for at, one in enumerate(given) if not (self.one_connection and one.title == _ONE)
        ]
        texts = [[visible(in_cell(row[at])) for at in kept] for row in rows]
        fitting = layout([given[at] for at in kept], texts, self._out.width)
        titles = [given[kept[at]].title for at in fitting.shown]
        self._row(titles, fitting.widths, style="bold")
        for text in texts:
            self._row([text[at] for at in fitting.shown], fitting.widths)
        if fitting.left_out:
            self.line(f"… not shown: {', '.join(fitting.left_out)}")

    def _row(self, cells: Sequence[str], widths: Sequence[int], *, style: str = "") -> None:
        """Print a row of a table, on as many lines as its longest cell needs."""
        wrapped = [
            Text(cell).wrap(self._out, max(1, width), overflow="fold")
            for cell, width in zip(cells, widths, strict=True)
        ]
        for number in range(max(map(len, wrapped), default=0)):
            line = ""
            for lines, width in zip(wrapped, widths, strict=True):
                part = lines[number].plain.rstrip() if number < len(lines) else ""
                line += part + " " * (width - cell_len(part) + GAP)
            self._out.print(Text(line.rstrip(), style=style), soft_wrap=True)

    def error(self, what: str, *, where: str = "", next_step: str = "", cause: str = "") -> None:
        """Print an error: what is wrong, where, what to do next."""
        if self.as_json:
            document: Mapping[str, str] = {
                "what": what,
                "where": where,
                "next": next_step,
                "cause": cause,
            }
            self.answer({"error": {key: value for key, value in document.items() if value}})
            return
        self._err.print(Text(f"Error: {_lines(what)}", style="bold red"), soft_wrap=True)
        if where:
            self._err.print(Text(f"  Where: {_lines(where)}"), soft_wrap=True)
        if next_step:
            self._err.print(Text(f"  Next:  {_lines(next_step)}"), soft_wrap=True)


def _lines(text: str) -> str:
    """Return a text with its line breaks and without control characters for a terminal."""
    return visible(text, keep="\n")


def _tell_nobody(done: int, total: int | None = None, note: str = "") -> None:
    """Do nothing with the numbers that a progress bar would show."""
    del done, total, note


def _console(stream: Any, color: bool | None) -> Console:
    # A pipe has no width, and a program or a log that reads it needs no folded lines.
    width = None if stream.isatty() else 200
    return Console(
        file=stream, no_color=color is False, highlight=False, markup=False, width=width
    )
