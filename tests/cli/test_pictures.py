"""Lists and the status as they look in terminals of three widths, kept as golden files."""

import asyncio
import io
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from cli.conftest import Command
from docs.pages import ROOT
from ledger.tampering import DAY, line, post, subject
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import JournalLine
from ml_connector.storage.database import Database
from ml_connector.words import Cause

PICTURES = ROOT / "tests" / "cli" / "pictures"
COMMANDS = (("events", "list"), ("journal", "list"), ("connection", "list"), ("status",))
STYLE = re.compile(r"\x1b\[([\d;]*)m")

# What differs from run to run, and what stands for it: as wide, so that a table stays as it is.
CHANGING = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-30 12:00:00"),
    (r"127\.0\.0\.1:\d{5}", "127.0.0.1:40000"),
    (r"127\.0\.0\.1:\d{4}\b", "127.0.0.1:4000"),
    (r"[\d.,]+ of [\d.,]+ GB free at \S+(, which is little)?", "90.0 of 100.0 GB free at FOLDER"),
    (r"\(ml-connector \S+\)", "(ml-connector VERSION)"),
    (r"token for \d+ minutes?", "token for 59 minutes"),
    (r"(?m)(?<= )\d{4}-\d\d-\d\d$", "2026-10-21"),
    (r"until \d{4}-\d\d-\d\d", "until 2027-11-30"),
)


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant with three events, stock of one WRO and the money of one invoice."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("pictures"), url) as made,
    ):
        asyncio.run(_fill(url))
        yield made


async def _fill(url: str) -> None:
    async with Database(url, size=2) as database:
        of = await subject(database, "90311")
        stock = JournalLine(
            source="wro 90311",
            source_line="inventory 7",
            fact_date=DAY,
            posting_date=DAY,
            sku="TEE-BLK-M",
            location="6",
            quantity=-5,
        )
        await post(database, of, 1, [stock])
        await post(database, of, 2, [line("90311", 2, amount=Decimal("-2024.06"), currency="USD")])
        async with database.transaction() as on:
            await take_in(on, Lanes(url), [_arrival("msg_1"), _arrival("msg_2", dead=True)])


def _arrival(delivery: str, *, dead: bool = False) -> Arrival:
    return Arrival(
        connection="acme",
        source="webhook",
        delivery_id=delivery,
        topic="wro.updated",
        subject=None if dead else SubjectRef("acme", "receiving", "90312"),
        status="dead" if dead else "received",
        cause=Cause.EVENT_UNREADABLE if dead else None,
        sentence="It says nothing" if dead else "",
        remedy="Look." if dead else "",
        body=b"{}",
    )


def looked_at(cli: Command, command: tuple[str, ...], width: int) -> str:
    """Return what a command writes to a terminal of this width."""
    terminal = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.setenv("TERM", "xterm-256color")
        patch.setattr("sys.stdout", terminal)
        assert cli(*command).status == 0
    return terminal.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_looks_as_in_its_picture(
    cli: Command, command: tuple[str, ...], width: int, request: pytest.FixtureRequest
) -> None:
    written = looked_at(cli, command, width)
    shown = STYLE.sub("", written)
    for changing, instead in CHANGING:
        shown = re.sub(changing, instead, shown)
    golden = PICTURES / f"{'-'.join(command)}-{width}.txt"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, "utf-8")
        return

    assert shown == golden.read_text("utf-8")
    # Bold, dim and red are readable on a light and on a dark ground.
    assert set(STYLE.findall(written)) <= {"", "0", "1", "2", "1;31"}
    if command != ("status",):
        assert max(map(len, shown.splitlines())) <= width
