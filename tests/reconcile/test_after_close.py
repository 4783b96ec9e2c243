"""A month that was closed is held to the figures that its report said."""

import json
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.ledger.month_seals import Seal
from ml_connector.reconcile.after_close import after_close, figures
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from reconcile.worlds import IN_NETSUITE, clean

RANDOMS = st.integers(0, 2**32).map(Random)


def sealed(report: Report) -> Seal:
    """Return the seal of a report, as it comes back from the database."""
    return Seal(
        id=1,
        month=report.month,
        report=7,
        sealed_at=datetime(2026, 12, 2, 9, 30, tzinfo=UTC),
        sealed_by="Ana",
        version="1.0",
        head_number=3,
        head_hash="ab",
        figures=json.loads(json.dumps(figures(report))),
    )


@given(RANDOMS)
def test_a_month_that_stays_as_it_was_differs_in_nothing(random: Random) -> None:
    world = clean(random)

    assert after_close(world.report(), sealed(world.report())) == []


@given(RANDOMS, st.integers(1, 3))
def test_every_line_whose_figures_changed_is_named_and_no_other(
    random: Random, times: int
) -> None:
    world = clean(random)
    seal = sealed(world.report())
    documents = world.ours()
    for external_id in random.sample(documents, min(times, len(documents))):
        random.choice(IN_NETSUITE)(world, external_id)
    report = world.report()
    before = {tuple(line[:4]): line[4:] for line in seal.figures}
    now = {tuple(line[:4]): line[4:] for line in figures(report)}
    found = after_close(report, seal)

    assert {(one.section, one.what, one.where, one.currency) for one in found} == {
        key for key in {*before, *now} if before.get(key) != now.get(key)
    }
    assert {one.kind for one in found} <= {Kind.AFTER_CLOSE}
    assert all("Ana closed the month on 2026-12-02 09:30 UTC" in one.says for one in found)
