"""``journal`` and ``audit``: what was posted, from what, why, and the proof of it."""

import asyncio
import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from cli.conftest import Command
from ledger.tampering import DAY, line, post, subject, tamper
from ml_connector.app.operations.journal_export import cell
from ml_connector.ledger.conservation import source_lines
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.postings.documents import JournalLine, RefusedUnits, SourceLine
from ml_connector.storage.database import Database


@pytest.fixture(scope="module")
def books(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant with a small journal: stock of one WRO, the money of one invoice."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("books"), url) as made,
    ):
        asyncio.run(_fill(url))
        yield made


async def _fill(url: str) -> None:
    async with Database(url, size=2) as database:
        of = await subject(database, "90311")
        await post(
            database,
            of,
            1,
            [
                JournalLine(
                    source="wro 90311",
                    source_line="inventory 7",
                    fact_date=DAY,
                    posting_date=DAY,
                    sku="=TEE",
                    location="6",
                    quantity=-5,
                )
            ],
        )
        await post(database, of, 2, [line("90311", 2, amount=Decimal("12.10"), currency="USD")])
        async with database.transaction() as connection:
            run = Run(id=1, subject=of)
            await source_lines.keep(
                connection,
                [
                    (
                        run,
                        [
                            SourceLine(
                                source_line="inventory 7", fact_date=DAY, sku="=TEE", quantity=-5
                            ),
                            SourceLine(source_line="inventory 8", fact_date=DAY, quantity=3),
                            SourceLine(
                                source_line="line 2",
                                fact_date=DAY,
                                amount=Decimal("12.10"),
                                currency="USD",
                            ),
                        ],
                    )
                ],
            )
            refused = RefusedUnits(source_line="inventory 8", reason="by policy", quantity=3)
            await source_lines.decide(connection, [(run, [refused], "")])


@pytest.fixture
def acme(bare: Command, books: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in books.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [2, 1]),
        (["--flow", "receiving"], [2, 1]),
        (["--flow", "billing"], []),
        (["--sku", "=TEE"], [1]),
        (["--source", "wro 90311"], [1]),
        (["--external-id", "mlc-t-acme-90311-2"], [2]),
        (["--from", "1h", "--limit", "1"], [2]),
        (["--to", "2001-01-01"], []),
    ],
)
def test_rows_are_found_by_what_they_say(
    acme: Command, options: list[str], numbers: list[int]
) -> None:
    answered = acme("journal", "list", *options, "--json")

    assert [row["number"] for row in json.loads(answered.out)["journal"]] == numbers


def test_rows_are_found_by_document(acme: Command) -> None:
    [first] = json.loads(acme("journal", "list", "--sku", "=TEE", "--json").out)["journal"]
    number = first["target"].rpartition(" ")[2]

    for target in (first["target"], number):
        found = json.loads(acme("journal", "list", "--target", target, "--json").out)
        assert [row["number"] for row in found["journal"]] == [1]


def test_a_posting_is_walked_back_from_any_of_its_names(acme: Command) -> None:
    [first] = json.loads(acme("journal", "list", "--sku", "=TEE", "--json").out)["journal"]
    names = [["1"], first["target"].split(), ["mlc-t-acme-90311-1"], ["wro", "90311"]]

    for name in names:
        answered = acme("journal", "show", *name, "--json")
        [found] = json.loads(answered.out)["found"]

        assert answered.status == 0
        assert found["posting"]["external_id"] == "mlc-t-acme-90311-1"
        assert [row["number"] for row in found["journal"]] == [1]
        assert found["run"]["rules"] == "counting-1"


def test_what_was_never_posted_is_said_to_be_so(acme: Command) -> None:
    answered = acme("journal", "show", "mlc-ir-1-1")

    assert answered.status == 1
    assert 'Nothing was posted as "mlc-ir-1-1"' in answered.err


def test_every_line_is_accounted_for(acme: Command) -> None:
    answered = acme("journal", "balance", "--from", "2026-11", "--to", "2026-11", "--by", "day")

    assert answered.status == 0
    assert "acme receiving 2026-11-20" in answered.out
    assert "  lines: 3 = 2 posted + 0 waiting + 1 refused" in answered.out
    assert (
        "  units: \N{MINUS SIGN}2 = \N{MINUS SIGN}5 posted + 0 waiting + 3 refused" in answered.out
    )
    assert "  USD: 12.10 = 12.10 posted + 0 waiting + 0 refused" in answered.out
    assert "by policy" in answered.out


def test_a_period_without_lines_has_nothing_to_account_for(acme: Command) -> None:
    answered = acme("journal", "balance", "--from", "2001-01")
    empty = acme("journal", "balance", "--to", "2001-01", "--json")

    assert answered.status == 0
    assert json.loads(empty.out)["balances"] == []


def test_an_export_is_deterministic_and_runs_no_formula(acme: Command, tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    acme("journal", "export", "--out", str(one))
    answered = acme("journal", "export", "--from", "1h", "--out", str(other))

    assert "2 rows written" in answered.out
    assert one.read_bytes() == other.read_bytes()
    [first, second] = csv.DictReader(one.read_text("utf-8").splitlines())
    assert (first["sku"], first["quantity"]) == ("'=TEE", "-5")
    assert (second["amount"], second["currency"]) == ("12.10", "USD")
    assert oct(one.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_an_export_to_nowhere_says_so(acme: Command, tmp_path: Path) -> None:
    answered = acme("journal", "export", "--out", str(tmp_path / "no" / "such" / "file.csv"))

    assert answered.status == 1
    assert "The file can't be written" in answered.err
    assert "Traceback" not in answered.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["journal", "export"], "No file was named"),
        (["journal", "export", "--out", "x.csv", "--by", "mood"], "no kind of day"),
        (["journal", "list", "--from", "yesterday"], '"yesterday" is no time'),
        (["journal", "list", "--from", "2026-12-01", "--to", "2026-11-01"], "wrong"),
        (["journal", "balance", "--by", "hour"], "no way to sum"),
        (["journal", "balance", "--from", "2026-13"], '"2026-13" is no time'),
        (["audit", "verify", "--head", "41"], "no head of the journal"),
        (["audit", "verify", "--head", "x:" + "a" * 64], "no head of the journal"),
        (["audit", "verify", "--connection", "nobody"], "There never was a connection"),
        (["audit", "acts", "--since", "soon"], '"soon" is no time'),
    ],
)
def test_wrong_usage_says_what_is_wrong(acme: Command, command: list[str], said: str) -> None:
    answered = acme(*command)

    assert answered.status in {1, 2}
    assert (said if said != "wrong" else "The end lies before the beginning") in answered.err
    assert "Next:" in answered.err


def test_an_untouched_journal_is_proved_and_its_head_noted(acme: Command, books: Merchant) -> None:
    answered = acme("audit", "verify", "--json")
    proved = json.loads(answered.out)
    [of_acme] = proved["connections"]
    folder = Path(books.environment["MLC_DATA_DIR"])
    [noted] = (folder / "journal-heads.jsonl").read_text("utf-8").splitlines()

    assert answered.status == 0
    assert proved["ok"]
    assert proved["first_broken"] is None
    assert (of_acme["rows"], of_acme["broken"]) == (2, [])
    assert json.loads(noted)["hash"] == of_acme["head"]["hash"]
    head = f"{of_acme['head']['number']}:{of_acme['head']['hash']}"
    again = json.loads(acme("audit", "verify", "--head", head, "--json").out)
    assert again["connections"][0]["noted_heads_met"] == 2


def test_a_head_that_the_chain_does_not_go_through_breaks_it(acme: Command) -> None:
    answered = acme("audit", "verify", "--head", f"9:{'a' * 64}")

    assert answered.status == 1
    assert "acme row 3 cut off: rows 3 to 9 are missing at the end" in answered.out


def test_a_tampered_journal_names_the_first_broken_row(acme: Command, books: Merchant) -> None:
    asyncio.run(_change(books.database_url or "", 6))
    try:
        answered = acme("audit", "verify", "--json")
        said = acme("audit", "verify")
    finally:
        asyncio.run(_change(books.database_url or "", -5))

    assert answered.status == said.status == 1
    first = json.loads(answered.out)["first_broken"]
    assert (first["connection"], first["number"], first["how"]) == ("acme", 1, "changed")
    assert "acme row 1 changed: its hash is not that of what it says" in said.out
    assert acme("audit", "verify").status == 0


async def _change(url: str, quantity: int) -> None:
    async with Database(url, size=1) as database:
        await tamper(database, f"update journal set quantity = {quantity} where number = 1")  # noqa: S608 - tampering


def test_acts_say_who_did_what(acme: Command) -> None:
    answered = acme("audit", "acts", "--what", "connection", "--json")
    [act] = json.loads(answered.out)["acts"]

    assert act["what"] == "connection.apply"
    assert act["connection"] == "acme"
    assert "private_key" in json.dumps(act["details"])
    assert "BEGIN" not in answered.out
    assert acme("audit", "acts", "--person", "nobody here").out.startswith("Nobody did anything")
