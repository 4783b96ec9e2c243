"""What is missing of stopped subjects is what the conservation sums call missing."""

import random
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ml_connector.ledger.conservation import sums
from ml_connector.ledger.conservation.missing import missing
from ml_connector.storage.database import Connection, Database, rows

SUBJECTS = 150
NAMES = ("inventory 1", "inventory 2", "inventory 1 / write-off", "inventory 9 / surplus")
STATES = ("parked", "dead", "done", "received")

_SUBJECT = """
insert into subject (connection, flow, key, state, waits, marked, converged)
values ('acme', %(flow)s, %(key)s, %(state)s, %(waits)s, 1, 1) returning id
"""
_POSTING = """
insert into posting (connection, subject_id, run_id, system, kind, external_id, state, document,
    document_hash, undoes)
values ('acme', %(subject)s, 1, 'netsuite', 'itemReceipt', %(external)s, 'done', '{}', 'h',
    %(undoes)s) returning id
"""
_ROW = """
insert into journal (connection, number, posted_at, posting_id, run_id, flow, source, source_line,
    target, external_id, fact_date, posting_date, quantity, amount, currency, previous_hash, hash)
values ('acme', %(number)s, now(), %(posting)s, 1, %(flow)s, 'x', %(name)s, 'y', 'z', now()::date,
    now()::date, %(quantity)s, %(amount)s, %(currency)s, %(before)s, %(hash)s)
"""


class Books:
    """Draws subjects with lines, postings, counter-documents and refusals."""

    def __init__(self, on: Connection) -> None:
        self._on = on
        self._draw = random.Random(7)
        self._rows = 0

    async def subject(self, number: int) -> int:
        draw = self._draw
        flow = draw.choice(("receiving", "billing"))
        given = {
            "flow": flow,
            "key": str(number),
            "state": draw.choice(STATES),
            "waits": draw.choice(("", "for a SKU")),
        }
        (made,) = await rows(self._on, _SUBJECT, given)
        subject = int(made["id"])
        for name in draw.sample(NAMES, draw.randint(0, 3)):
            await rows(
                self._on,
                "insert into source_line (subject_id, name, connection, flow, fact_date, currency,"
                " quantity, amount, run_id) values (%(subject)s, %(name)s, 'acme', %(flow)s,"
                " now()::date, %(currency)s, %(quantity)s, %(amount)s, 1)",
                {"subject": subject, "name": name, "flow": flow, **self._measures()},
            )
        for at in range(draw.randint(0, 2)):
            await self._posted(subject, flow, f"{number}-{at}")
        if draw.random() < 0.4:
            await rows(
                self._on,
                "insert into refusal (subject_id, name, currency, quantity, amount, reason,"
                " run_id) values (%(subject)s, %(name)s, %(currency)s, %(quantity)s,"
                " %(amount)s, 'no', 1)",
                {"subject": subject, "name": draw.choice(NAMES), **self._measures()},
            )
        return subject

    def _measures(self) -> dict[str, Any]:
        money = self._draw.random() < 0.5
        return {
            "currency": self._draw.choice(("USD", "CAD")) if money else "",
            "quantity": self._draw.randint(-3, 5),
            "amount": Decimal(self._draw.randint(-200, 500)) / 100 if money else None,
        }

    async def _posted(self, subject: int, flow: str, external: str) -> None:
        given = {"subject": subject, "external": external, "undoes": None}
        (made,) = await rows(self._on, _POSTING, given)
        lines = [
            {"name": self._draw.choice(NAMES), **self._measures()}
            for _ in range(self._draw.randint(1, 3))
        ]
        await self._journal(int(made["id"]), flow, lines)
        if self._draw.random() < 0.5:
            undone = {**given, "external": f"{external}-undo", "undoes": made["id"]}
            (counter,) = await rows(self._on, _POSTING, undone)
            taken = [
                {
                    **line,
                    "quantity": -line["quantity"],
                    "amount": line["amount"] and -line["amount"],
                }
                for line in lines
            ]
            await self._journal(int(counter["id"]), flow, taken)

    async def _journal(self, posting: int, flow: str, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            self._rows += 1
            await rows(
                self._on,
                _ROW,
                {
                    **line,
                    "currency": line["currency"] or None,
                    "number": self._rows,
                    "posting": posting,
                    "flow": flow,
                    "before": f"{self._rows - 1:064}",
                    "hash": f"{self._rows:064}",
                },
            )


async def test_what_is_missing_of_a_few_is_what_all_lines_of_them_lack(database: Database) -> None:
    async with database.transaction() as on:
        await rows(
            on, "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
        await rows(on, "select make_months(%(day)s, %(day)s)", {"day": datetime.now(UTC).date()})
        books = Books(on)
        drawn = [await books.subject(number) for number in range(SUBJECTS)]
    by_key: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    async with database.transaction() as on:
        keys = {row["key"]: row["id"] for row in await rows(on, "select key, id from subject", {})}
        for line in await sums.lines(
            on,
            ["acme"],
            states=("posted", "waiting", "refused", "unexplained"),
            subjects=drawn,
            limit=100_000,
        ):
            for measure, rest in line.missing.items():
                by_key[keys[line.subject]][measure] += rest
        some = drawn[::2]
        found = await missing(on, ["acme"], drawn)
        of_some = await missing(on, ["acme"], some)
        of_another = await missing(on, ["other"], drawn)
    expected = {
        subject: {measure: rest for measure, rest in lacking.items() if rest}
        for subject, lacking in by_key.items()
        if any(lacking.values())
    }

    assert len(expected) > SUBJECTS // 3
    assert found == expected
    assert of_some == {one: found[one] for one in some if one in found}
    assert of_another == {}
