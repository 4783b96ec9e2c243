"""Two people decide about one subject at the same moment: one of them does, the other is told."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from acceptance.test_correcting import fewer_than_booked
from acceptance.test_deciding import booked, event_of, received_by_hand, run, standing
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.decisions.proposal import propose
from ml_connector.app.operations.decisions.recording import decide
from ml_connector.app.operations.decisions.wanted import Wanted
from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.words import DecisionKind
from waiting import wait_until


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("at-once")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


async def _both(
    acme: Merchant, event: str, *wanted: Wanted
) -> tuple[list[KeptDecision], list[UserError]]:
    """Let each person look before any of them decides, each by a connection of his own."""
    async with open_installation(acme.settings) as one, open_installation(acme.settings) as other:
        people = list(zip((one, other), ("ada", "ben"), wanted, strict=True))
        looked = [await propose(where, ["acme"], int(event), what) for where, _, what in people]
        said = await asyncio.gather(
            *(
                decide(where, seen, person=name)
                for (where, name, _), seen in zip(people, looked, strict=True)
            ),
            return_exceptions=True,
        )
    told = [one for one in said if isinstance(one, UserError)]
    return [one for one in said if isinstance(one, KeptDecision)], told


def at_once(acme: Merchant, event: str, *wanted: Wanted) -> tuple[KeptDecision, UserError]:
    """Return the decision that was made, and what the other person was told."""
    [kept], [told] = asyncio.run(_both(acme, event, *wanted))
    return kept, told


def _wanted(kind: DecisionKind, document: str = "") -> Wanted:
    return Wanted(kind=kind, document=document, note="At once")


@pytest.mark.parametrize(
    "other", [DecisionKind.HANDLED, DecisionKind.SEPARATE, DecisionKind.NOT_OURS]
)
def test_of_two_about_a_receipt_the_first_decides(acme: Merchant, other: DecisionKind) -> None:
    _, receipt, wro = received_by_hand(acme, ordered=100, by_hand=60)
    names = "" if other is DecisionKind.NOT_OURS else receipt.number
    kept, told = at_once(
        acme,
        event_of(acme, wro),
        _wanted(DecisionKind.HANDLED, receipt.number),
        _wanted(other, names),
    )

    assert f"decided about meanwhile: decision {kept.id}" in str(told)
    assert f"by {kept.person} at {kept.made_at:%Y-%m-%d}" in str(told)
    assert len(acme.rows("select id from decision where taken_back_at is null")) == 1
    assert len(acme.rows("select 1 from act where what = 'events.decide'")) == 1


def test_of_two_who_correct_at_once_one_does_and_one_document_is_posted(acme: Merchant) -> None:
    _, wro = fewer_than_booked(acme)
    correct = _wanted(DecisionKind.CORRECT)
    _, told = at_once(acme, event_of(acme, wro), correct, correct)
    run(acme, wro)

    assert "was decided about meanwhile: decision" in str(told)
    assert standing(acme, wro) == ("done", None)
    assert sorted(booked(acme, wro)) == [("inventoryAdjustment", -10), ("itemReceipt", 100)]


def commands_at_once(acme: Merchant, commands: Sequence[Sequence[str]]) -> list[Answered]:
    """Run commands that decide; none may write before all of them have looked."""
    waiting = (
        "select 1 from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock'"
    )
    assert acme.database_url is not None
    with ThreadPoolExecutor(len(commands)) as people, psycopg.connect(acme.database_url) as held:
        held.execute("lock table subject in exclusive mode")
        said = [people.submit(acme.command, *words) for words in commands]
        wait_until(lambda: len(acme.rows(waiting)) == len(commands))
        held.rollback()
        return [one.result() for one in said]


def test_two_processes_at_once_make_one_adjustment(acme: Merchant) -> None:
    wro = acme.deliver({acme.sku("TEE"): 7}, number="PO-NOBODY-HAS")
    acme.apply(policies='unmatched_wro = "park"')
    run(acme, wro)
    assert standing(acme, wro) == ("parked", "purchase_order_not_found")
    words = ("events", "decide", event_of(acme, wro), "--as", "adjust", "--note", "At once")
    said = commands_at_once(acme, [words, words])
    run(acme, wro)

    assert sorted(one.status for one in said) == [0, 1], [one.err for one in said]
    assert booked(acme, wro) == [("inventoryAdjustment", 7)]
    assert len(acme.rows("select id from decision")) == 1
