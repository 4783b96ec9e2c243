"""Each parser, given anything: it reads it, or refuses it by the one failure that it promises."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_connector.cli import arguments, times
from ml_connector.config import connection, order_match, toml_file
from ml_connector.config.order_match import rules_of
from ml_connector.config.settings import Settings
from ml_connector.errors import ConnectorError, UserError
from ml_connector.netsuite.records.answers import lowered
from ml_connector.netsuite.row_pages import read_page
from ml_connector.netsuite.sign_in.certificates import read_certificate
from ml_connector.reconcile.month import Month
from ml_connector.secret import Secret
from ml_connector.shipbob import payloads
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.sign_in import id_tokens
from ml_connector.sim.faults import FaultFileError, read_fault_file
from ml_connector.sim.readings.world_file import WorldFileError, read_world_file
from ml_connector.storage import connection_string
from ml_connector.transport.guard.guard import split_address
from ml_connector.transport.spoiled import Spoiled
from ml_connector.vault.masterkey import ring_from_text

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

# As many as find what a parser was never written for, and the same ones in each run.
few = settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Parser:
    """A parser, what a text for it is made of, and what it may raise.

    Attributes:
        parts: pieces of what it reads, from which texts are put together; anything else is in
            between.
    """

    name: str
    read: Callable[[str], object]
    refuses: tuple[type[Exception], ...]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as NetSuite's queries have them."""

    id: int
    amount: Decimal | None = None
    trandate: date | None = None


def month(text: str) -> Month:
    return Month.parse(text, today=NOW.date())


def rows(text: str) -> object:
    return read_page(text.encode(), Row, "test", spoiled=Spoiled("NetSuite", "Row", "reading"))


def wro(text: str) -> Wro:
    return payloads.decode(payloads.read(text.encode()), Wro)


def globals_of(text: str) -> object:
    return arguments.take_global_options(text.split(" "))


DATES = ("2026", "-11", "-20", "T10:00", "+14:00", "Z", "0001-01-01", "9999-12-31", "30", "d", "w")
JSON = (
    '{"items": [',
    '{"id": "7"}',
    '{"ID": 7, "amount": "1e999"}',
    "]",
    "}",
    '"hasMore": true',
    "null",
    "NaN",
    ",",
    "1" * 5000,
    "[" * 3000,
    '{"id": 1, "status": "x"',
)

PARSERS = [
    Parser("moment", lambda text: times.moment(text, "--x", now=NOW), (UserError,), DATES),
    Parser(
        "end of a day",
        lambda text: times.moment(text, "--x", now=NOW, end_of_day=True),
        (UserError,),
        DATES,
    ),
    Parser("later", lambda text: times.later(text, "--x", now=NOW), (UserError,), DATES),
    Parser("day", lambda text: times.day(text, "--x", now=NOW, last=True), (UserError,), DATES),
    Parser(
        "month",
        month,
        (UserError,),
        ("2026", "-", "11", "00", "13", "0000", "9999", "\n", "\uff11"),
    ),
    Parser(
        "interval", connection.interval, (ValueError,), ("15", "0", "m", "h", "d", " ", "06:00")
    ),
    Parser(
        "order_match",
        rules_of,
        (ValueError,),
        ("tranid", "shopify", "custbody_x", "reference_id", " = ", "id", "'#'", " - ", "cust"),
    ),
    Parser(
        "a rule of order_match",
        lambda text: rules_of([text]),
        (ValueError,),
        ("reference_id", "order_number", " = ", "tranid", " - '#'", " + 'A'", "'", "custcol"),
    ),
    Parser(
        "global options",
        globals_of,
        (UserError,),
        ("--config", "--config=", "--json", " ", "--", "--connection", "status", "--no-color"),
    ),
    Parser(
        "a database's URL",
        connection_string.parameters,
        (UserError,),
        ("postgresql://", "[", "]", "@", ":", "h", "/x", "?sslmode=", "disable", ",", "%", "%00"),
    ),
    Parser(
        "a public address",
        lambda text: Settings(public_url=text),
        (pydantic.ValidationError,),
        ("https://", "http", "[", "]", ":", "99999", "@", "example.com", "/", "?", "\n"),
    ),
    Parser(
        "an address to call", split_address, (), ("https://", "[", "]", ":", "x", "@", "/", "%")
    ),
    Parser(
        "a master key",
        lambda text: ring_from_text(text, where="key"),
        (UserError,),
        ("A" * 43, "=", ",", "\n", "AAAA", "-", "_", "é"),
    ),
    Parser(
        "a certificate",
        read_certificate,
        (UserError,),
        ("-----BEGIN CERTIFICATE-----\n", "MIIB", "\n-----END CERTIFICATE-----", "=", "A" * 64),
    ),
    Parser(
        "an id token",
        lambda text: id_tokens.claims(Secret(text)),
        (),
        ("eyJ", ".", "e30", "W10", "=", "bnVsbA", "é", "W" * 100),
    ),
    Parser("rows of SuiteQL", rows, (ConnectorError,), JSON),
    Parser("a payload of ShipBob", wro, (msgspec.DecodeError,), JSON),
    Parser("a day of ShipBob", payloads.calendar_day, (), DATES),
]


@pytest.mark.parametrize("parser", PARSERS, ids=str)
def test_any_text_is_read_or_refused_as_promised(parser: Parser) -> None:
    pieces = st.one_of(st.sampled_from(parser.parts), st.text(max_size=4))

    @few
    @given(text=st.lists(pieces, max_size=8).map("".join))
    def reads(text: str) -> None:
        with suppress(*parser.refuses):
            parser.read(text.encode("utf-8", "replace").decode())

    reads()


FILES: Mapping[str, tuple[Callable[[Path], object], type[Exception], str, tuple[str, ...]]] = {
    "faults": (
        read_fault_file,
        FaultFileError,
        "f.toml",
        ("[[fault]]\n", 'kind = "latency"\n', "seconds = -1\n", "times = 1\n", 'path = "("\n'),
    ),
    "faults in JSON": (
        read_fault_file,
        FaultFileError,
        "f.json",
        ('{"fault": [', '{"kind": "latency"}', "]}", "[" * 5000, '"seed": 1'),
    ),
    "world": (
        read_world_file,
        WorldFileError,
        "w.toml",
        ("[world]\n", 'webhook_body = "envelope"\n', "x = 1\n", "a = " + "[" * 3000, "[b]\n"),
    ),
    "TOML": (
        toml_file.read,
        UserError,
        "t.toml",
        ("[a]\n", "b = 1\n", "c = " + "9" * 5000, "[" * 3000, 'd = "', "x.y.z = 1\n"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_any_file_is_read_or_refused_as_promised(tmp_path: Path, name: str) -> None:
    read, refuses, called, parts = FILES[name]
    path = tmp_path / called
    pieces = st.one_of(
        st.sampled_from(parts).map(str.encode), st.binary(max_size=4), st.just(b"\n")
    )

    @few
    @given(content=st.lists(pieces, max_size=6).map(b"".join))
    def reads(content: bytes) -> None:
        path.write_bytes(content)
        with suppress(refuses):
            read(path)

    reads()


@few
@given(
    side=st.sampled_from(["reference_id", "order_number"]),
    away=st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]), max_size=4),
    before=st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]), max_size=4),
    field=st.sampled_from(sorted(order_match._OWN_FIELDS)),  # noqa: SLF001 - the words of the rules
    number=st.text(max_size=6),
)
def test_a_rule_that_is_written_is_read_as_it_was_meant(
    side: str, away: str, before: str, field: str, number: str
) -> None:
    [rule] = rules_of([f"{side} - '{away}' + '{before}' = {field}"])

    assert (rule.side, rule.away, rule.before, rule.field) == (side, away, before, field)
    found = rule.value(number, number)
    assert found is None or found.startswith(before)


@few
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    )
)
def test_names_of_any_answer_are_lowered_and_its_values_kept(value: Any) -> None:
    once = lowered(value)

    assert lowered(once) == once
    assert not isinstance(value, (int, str)) or once == value
    json.dumps(once)
