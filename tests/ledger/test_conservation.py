"""Every source line is posted, waiting, or refused with a reason; else the books are red."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.workshop import Workshop
from ledger.tampering import DAY, line, post, subject
from ml_connector.awaited import Awaited
from ml_connector.errors import NeedsData
from ml_connector.ledger.conservation import source_lines, sums
from ml_connector.ledger.conservation.equation import Equation, Sums, of_subject, sentences
from ml_connector.ledger.conservation.sums import Balance
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.postings.documents import JournalLine, RefusedUnits, SourceLine
from ml_connector.storage.database import Connection, Database
from ml_connector.words import Cause

DECIMALS = {"JPY": 0, "USD": 2, "KWD": 3}


def stated(name: str, quantity: int | None = None, amount: str | None = None) -> SourceLine:
    return SourceLine(
        source_line=name,
        fact_date=DAY,
        quantity=quantity,
        amount=Decimal(amount) if amount else None,
        currency="USD" if amount else None,
    )


def test_a_line_that_is_posted_in_full_is_posted() -> None:
    equation = of_subject([stated("line 1", 8)], [line("k", 1, quantity=8)], [], waits=False)

    eight = Sums(lines=1, quantity=8)
    assert equation == Equation(all=eight, posted=eight)
    assert equation.holds


def test_what_is_missing_waits_while_the_subject_is_open_and_is_unexplained_after() -> None:
    lines, posted = [stated("line 1", 8)], [line("k", 1, quantity=5)]

    waiting = of_subject(lines, posted, [], waits=True)
    red = of_subject(lines, posted, [], waits=False)

    assert waiting.holds
    assert waiting.waiting == Sums(lines=1, quantity=3)
    assert not red.holds
    assert red.unexplained == Sums(lines=1, quantity=3)
    assert list(sentences(red)) == [
        "lines: 1 = 0 posted + 0 waiting + 0 refused + 1 UNEXPLAINED",
        "units: 8 = 5 posted + 0 waiting + 0 refused + 3 UNEXPLAINED",
    ]


def test_a_refused_rest_needs_no_more_explanation() -> None:
    equation = of_subject(
        [stated("line 1", 104)],
        [line("k", 1, quantity=100)],
        [RefusedUnits(source_line="line 1", reason="over_receipt is refuse", quantity=4)],
        waits=False,
    )

    assert equation.holds
    assert list(sentences(equation)) == [
        "lines: 1 = 1 posted + 0 waiting + 0 refused",
        "units: 104 = 100 posted + 0 waiting + 4 refused",
    ]


def test_what_was_undone_is_refused_as_far_as_it_is_missing() -> None:
    stated, undone = [stated_line(amount=15)], [journal_line(amount=10)]
    taken_back = of_subject([stated_line(amount=10)], (), (), undone=undone, waits=False)
    posted_again = of_subject(stated, [journal_line(amount=15)], (), undone=undone, waits=False)
    grown = of_subject(stated, (), (), undone=undone, waits=False)

    assert taken_back.refused == Sums(lines=1, money={"USD": Decimal(10)})
    assert posted_again.posted == posted_again.all
    assert posted_again.holds
    assert grown.unexplained == Sums(lines=1, money={"USD": Decimal(5)})


def stated_line(*, amount: int) -> SourceLine:
    return SourceLine(
        source_line="Shipping", fact_date=DAY, amount=Decimal(amount), currency="USD"
    )


def journal_line(*, amount: int) -> JournalLine:
    return JournalLine(
        source="invoice 1",
        source_line="Shipping",
        fact_date=DAY,
        posting_date=DAY,
        amount=Decimal(amount),
        currency="USD",
    )


def test_more_posted_than_the_source_says_is_unexplained() -> None:
    doubled = [line("k", 1, quantity=8), line("k", 1, quantity=8)]
    equation = of_subject([stated("line 1", 8)], doubled, [], waits=False)

    assert equation.unexplained == Sums(lines=1, quantity=-8)


def test_what_no_source_line_speaks_of_is_unexplained() -> None:
    equation = of_subject([], [line("k", 1, quantity=8)], [], waits=False)

    assert equation.unexplained == Sums(lines=1, quantity=-8)


def test_what_follows_from_a_line_is_not_counted() -> None:
    follows = JournalLine(
        source="return 88",
        source_line="line 1 / write-off",
        fact_date=DAY,
        posting_date=DAY,
        quantity=-8,
    )
    equation = of_subject(
        [stated("line 1", 8)], [line("k", 1, quantity=8), follows], [], waits=False
    )

    assert equation.posted == Sums(lines=1, quantity=8)
    assert equation.holds


def test_currencies_are_never_added_up() -> None:
    lines = [
        SourceLine(source_line=f"fee {currency}", fact_date=DAY, amount=amount, currency=currency)
        for currency, amount in {
            "JPY": Decimal(1200),
            "USD": Decimal("0.10"),
            "KWD": Decimal("1.005"),
        }.items()
    ]
    equation = of_subject(lines, [], [], waits=True)

    assert list(sentences(equation)) == [
        "lines: 3 = 0 posted + 3 waiting + 0 refused",
        "JPY: 1200 = 0 posted + 1200 waiting + 0 refused",
        "KWD: 1.005 = 0 posted + 1.005 waiting + 0 refused",
        "USD: 0.10 = 0 posted + 0.10 waiting + 0 refused",
    ]


_numbers = itertools.count(1)
NAMES = ("line 1", "line 2", "line 1 / write-off")
MONEY = st.tuples(st.sampled_from(sorted(DECIMALS)), st.integers(-50, 50))
VALUES = st.one_of(st.tuples(st.none(), st.integers(-5, 5)), MONEY)
LATER = st.sampled_from([0, 0, 1, 15])
TERMS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES, LATER), max_size=4)
Terms = list[tuple[str, tuple[str | None, int], int]]


def _amount(value: tuple[str | None, int]) -> Decimal | None:
    currency, number = value
    return Decimal(number).scaleb(-DECIMALS[currency]) if currency else None


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lines=TERMS, posted=TERMS, refused=TERMS, waits=st.booleans())
async def test_the_sums_of_the_database_are_those_of_the_rule(
    database: Database,
    lines: Terms,
    posted: Terms,
    refused: Terms,
    waits: bool,  # noqa: FBT001 - drawn
) -> None:
    said = [
        SourceLine(
            source_line=name,
            fact_date=DAY + timedelta(days=later),
            quantity=value[1] if value[0] is None else None,
            amount=_amount(value),
            currency=value[0],
        )
        for name, value, later in lines
    ]
    booked = [
        JournalLine(
            source="count k",
            source_line=name,
            fact_date=DAY + timedelta(days=later),
            posting_date=DAY,
            quantity=value[1] if value[0] is None else None,
            amount=_amount(value),
            currency=value[0],
        )
        for name, value, later in posted
    ]
    left_out = [
        RefusedUnits(
            source_line=name,
            reason="by policy",
            quantity=value[1] if value[0] is None else None,
            amount=_amount(value),
            currency=value[0],
        )
        for name, value, _ in refused
    ]
    of = await subject(database, f"k{next(_numbers)}")
    if booked:
        await post(database, of, 1, booked)
    async with database.transaction() as connection:
        run = Run(id=1, subject=of)
        await source_lines.keep(connection, [(run, said)])
        waiting = "until completed" if waits else ""
        await source_lines.decide(connection, [(run, left_out, waiting)])
        stored = await sums.equation(connection, ["acme"], subjects=[of.id])
        missing = await sums.lines(connection, ["acme"], subjects=[of.id])
        await _days_are_those_of_the_whole(connection)
    rule = of_subject(said, booked, left_out, waits=waits)

    assert stored == rule
    assert len(missing) == rule.unexplained.lines


async def _days_are_those_of_the_whole(connection: Connection) -> None:
    """Hold that reading some days alone gives what reading everything gives for them."""
    whole = await sums.balances(connection, ["acme"], by="day")
    today = datetime.now(UTC).date()
    for start, end in (
        (DAY, DAY + timedelta(days=1)),
        (DAY + timedelta(days=1), None),
        (None, DAY + timedelta(days=2)),
        (today, today + timedelta(days=1)),
    ):
        some = await sums.balances(connection, ["acme"], by="day", start=start, end=end)

        assert some == [
            one
            for one in whole
            if (start is None or one.period >= str(start))
            and (end is None or one.period < str(end))
        ]


async def test_sums_by_flow_day_and_month(database: Database) -> None:
    for key, days in (("a", 0), ("b", 1), ("c", 15)):
        of = await subject(database, key)
        day = DAY + timedelta(days=days)
        one = SourceLine(source_line="line 1", fact_date=day, quantity=4)
        if key != "c":
            await post(database, of, 1, [line(key, 1, quantity=4, day=day)])
        async with database.transaction() as connection:
            await source_lines.keep(connection, [(Run(id=1, subject=of), [one])])
    async with database.transaction() as connection:
        flows = await sums.balances(connection, ["acme"])
        days_ = await sums.balances(connection, ["acme"], by="day")
        months = await sums.balances(connection, ["acme"], by="month")
        november = await sums.equation(
            connection, ["acme"], start=DAY.replace(day=1), end=DAY.replace(month=12, day=1)
        )
        [missing] = await sums.lines(connection, ["acme"])

    four = Sums(lines=1, quantity=4)
    good, red = Equation(all=four, posted=four), Equation(all=four, unexplained=four)
    eight = Sums(lines=2, quantity=8)
    assert flows == [
        Balance(connection="acme", flow="receiving", period="", equation=good + good + red)
    ]
    assert [(one.period, one.equation) for one in days_] == [
        ("2026-11-20", good),
        ("2026-11-21", good),
        ("2026-12-05", red),
    ]
    assert [(one.period, one.equation) for one in months] == [
        ("2026-11", Equation(all=eight, posted=eight)),
        ("2026-12", red),
    ]
    assert november == good + good
    assert (missing.subject, missing.name, missing.missing) == ("c", "line 1", {"": Decimal(4)})


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    return await Workshop(database).set_up()


async def stored(workshop: Workshop) -> Equation:
    async with workshop.database.transaction() as connection:
        return await sums.equation(connection, ["acme"])


async def test_a_run_keeps_the_lines_it_saw_and_what_came_of_them(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    await workshop.news("a")
    done = await workshop.run("a")
    four = Sums(lines=1, quantity=4)

    assert await stored(workshop) == Equation(all=four, posted=four)
    assert done["unexplained"] == 0

    workshop.source.units["a"] = 7
    await workshop.news("a")
    await workshop.run("a")

    seven = Sums(lines=1, quantity=7)
    assert await stored(workshop) == Equation(all=seven, posted=seven)


async def test_what_a_refused_write_leaves_waits(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    workshop.netsuite.outcomes.append("is refused")
    await workshop.news("a")
    await workshop.run("a")
    four = Sums(lines=1, quantity=4)

    assert await stored(workshop) == Equation(all=four, waiting=four)


async def test_what_could_not_be_read_stays_as_it_was(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    await workshop.news("a")
    await workshop.run("a")
    workshop.source.failure = NeedsData(
        "away", cause=Cause.SKU_MISSING_IN_NETSUITE, waiting_for=[Awaited("sku:x")], remedy="wait"
    )
    await workshop.news("a")
    await workshop.run("a")
    four = Sums(lines=1, quantity=4)

    assert await stored(workshop) == Equation(all=four, posted=four)


async def test_a_dry_run_leaves_everything_waiting(workshop: Workshop) -> None:
    workshop.mode = "dry-run"
    workshop.source.units["a"] = 4
    await workshop.news("a")
    await workshop.run("a")
    four = Sums(lines=1, quantity=4)

    assert await stored(workshop) == Equation(all=four, waiting=four)


async def test_a_plan_that_forgets_units_never_ends_done(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    workshop.lines = 0
    await workshop.news("a")
    done = await workshop.run("a")
    four = Sums(lines=1, quantity=4)

    assert (done["state"], done["cause"]) == ("dead", "unexplained")
    assert done["unexplained"] == 1
    assert "4 UNEXPLAINED" in done["sentence"]
    assert await stored(workshop) == Equation(all=four, unexplained=four)

    workshop.lines = 1
    await workshop.news("a")
    mended = await workshop.run("a")

    assert (mended["state"], mended["cause"], mended["unexplained"]) == ("done", None, 0)
