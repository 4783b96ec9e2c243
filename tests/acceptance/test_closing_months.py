"""A month is closed, changed behind our back, opened and closed again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from acceptance.closing import close, in_netsuite, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.test_deciding_months import settle
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.month import Month
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.receiving import Wro

ZONE: Final = ZoneInfo("America/Chicago")
THIS_MONTH: Final = Month.of(datetime.now(UTC).astimezone(ZONE).date())
MONTH: Final = Month.of(THIS_MONTH.first - timedelta(days=1))
THEN: Final = datetime(MONTH.first.year, MONTH.first.month, 15, 18, tzinfo=UTC)


@pytest.fixture
def then(server_url: str, template: str, tmp_path: Path) -> Iterator[Merchant]:
    """A merchant in the middle of last month."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=Clock(THEN)) as made,
    ):
        yield made


def named(done: MonthEnd) -> set[tuple[str, str]]:
    """Return kind and SKU of what is left to explain."""
    return {(one.kind, one.what) for one in done.report.open}


def receive(acme: Merchant, sku: str, units: int) -> Wro:
    """Let a box of an order of just that arrive, and book it."""
    wro = acme.deliver({sku: units}, number=acme.order({sku: units}))
    sync(acme, "receiving", wro.id)
    return wro


def test_a_closed_month_is_held_to_what_it_said(then: Merchant) -> None:
    tee = then.sku("TEE")
    then.apply(policies='closed_period = "park"')
    receive(then, tee, 60)
    closed = then.command("reconcile", str(MONTH), "--close", "--json")
    again = close(then, month=MONTH, seal=True)
    too_early = then.command("reconcile", str(THIS_MONTH), "--close")
    following = close(then, month=THIS_MONTH).report
    by_hand = in_netsuite(
        then, "add_to_stock", sku=tee, location=6, quantity=3, tranDate=MONTH.first.isoformat()
    )
    changed = close(then, month=MONTH)
    in_netsuite(then, "delete", record_type="inventoryAdjustment", internal_id=by_hand)
    put_back = close(then, month=MONTH)

    assert closed.status == 0
    assert closed.json["closed_now"]
    assert closed.json["closed"]["report"] == closed.json["report"]
    assert again.seal is not None
    assert (again.closed_now, again.seal.report) == (False, closed.json["report"])
    assert too_early.status == 1
    assert "has not ended" in too_early.err
    assert following.tie_out is not None
    assert following.tie_out.basis == "sealed"
    [line] = following.tie_out.lines
    assert line.place.what == tee
    assert line.shipbob.opening == line.netsuite.opening == 60
    assert line.gap == 0
    assert named(changed) == {("after_close", tee), ("stock_moved_by_others", tee)}
    [late] = changed.report.of(Kind.AFTER_CLOSE)
    assert "NetSuite, others 0 then, 3 now" in late.says
    assert put_back.report.green


def test_what_comes_late_waits_for_a_closed_month(then: Merchant) -> None:
    tee, cap = then.sku("TEE"), then.sku("CAP")
    then.apply(policies='closed_period = "park"')
    receive(then, tee, 5)
    assert close(then, month=MONTH, seal=True).closed_now
    late = receive(then, cap, 7)
    waits = then.subject(late)
    red = close(then, month=MONTH, seal=True)
    words = ("reconcile", str(MONTH), "--unseal")
    without_note = then.command(*words)
    opened = then.command(*words, "--note", "A late box", "--json")
    not_closed = then.command(*words, "--note", "Again")
    sync(then, "receiving", late.id)
    [receipt] = then.documents(late)
    anew = close(then, month=MONTH, seal=True)
    seals = then.rows("select unsealed_by, unseal_note from month_seal order by id")

    assert waits["cause"] == "period_closed"
    assert named(red) == {("after_close", cap), ("fact_waiting", cap)}
    assert (without_note.status, not_closed.status) == (2, 1)
    assert "--note" in without_note.err
    assert "is not closed" in not_closed.err
    assert opened.json == {"month": str(MONTH), "closed": None, "woken": 1}
    assert receipt["tranDate"] == THEN.astimezone(ZONE).date().isoformat()
    assert anew.closed_now
    assert [bool(one["unsealed_by"]) for one in seals] == [True, False]
    assert seals[0]["unseal_note"] == "A late box"


def test_what_comes_late_goes_into_the_next_open_month(then: Merchant) -> None:
    receive(then, then.sku("TEE"), 5)
    assert close(then, month=MONTH, seal=True).closed_now
    late = receive(then, then.sku("CAP"), 7)
    [receipt] = then.documents(late)

    assert then.subject(late)["state"] == "done"
    assert receipt["tranDate"] == THIS_MONTH.first.isoformat()


def test_no_correction_goes_into_a_closed_month(then: Merchant) -> None:
    tee = then.sku("TEE")
    then.apply(policies='closed_period = "park"')
    receive(then, tee, 60)
    assert close(then, month=MONTH, seal=True).closed_now
    in_netsuite(
        then, "add_to_stock", sku=tee, location=6, quantity=3, tranDate=MONTH.first.isoformat()
    )
    [moved] = close(then, month=MONTH).report.of(Kind.STOCK_MOVED_BY_OTHERS)
    words = ("month", "decide", moved.id, "--as", "correct", "--note", "As counted")
    waits = then.command(*words)
    then.apply(policies='closed_period = "next-open"')
    decided = then.command(*words)
    settle(then)
    dates = "select document -> 'request' -> 'body' ->> 'tranDate' as day from posting"
    [posted] = then.rows(f"{dates} where external_id like 'mlc-ia-mon-%%'")

    assert waits.status == 1
    assert f"Month {MONTH} is closed" in waits.err
    assert "--unseal --note" in waits.err
    assert decided.status == 0, decided.err
    assert posted == {"day": THIS_MONTH.first.isoformat()}
