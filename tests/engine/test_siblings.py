"""What a decision takes of a document, or gives back, wakes those that stopped because of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from engine.workshop import FLOW, Count, Workshop, document
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable
from ml_connector.engine.inbox.siblings import siblings
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import DecidedAbout, NamedDocument, NewDecision
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import HandledUnits, Plan, Posted
from ml_connector.words import Cause, DecisionKind

DOCUMENT = "9001"
"""Internal id of a receipt; the subject of this key has seen it, and one of another key not."""

SIBLING, OTHER, DECIDED = DOCUMENT, "9002", "a"


class Desk:
    """Three subjects of which two have stopped; a decision about the third names the receipt."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.takes = 0
        self.cause = Cause.RECEIVED_BY_OTHERS
        self.decision = 0

    def plan(self, facts: Count, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
        del posted, settings
        if facts.key != DECIDED:
            raise NeedsHuman(
                "Somebody received it", cause=self.cause, remedy="Decide.", waiting_for=[]
            )
        if not self.takes:
            return Plan(documents=(document(DECIDED, 1, facts.units),))
        taken = HandledUnits(
            source_line="line 1",
            item="501",
            location="6",
            quantity=self.takes,
            decision=self.decision,
            document=DOCUMENT,
            shown=60,
            reason="Handled by item receipt IR9",
        )
        return Plan(handled=(taken,))

    async def set_up(self) -> None:
        shop = self.workshop
        shop.flow = replace(
            shop.flow,
            plan=self.plan,
            decidable=Decidable(
                offers={Cause.RECEIVED_BY_OTHERS: (DecisionKind.HANDLED,)},
                name=_no_name,
                match=lambda _: "",
                lapses=lambda _facts, _settings: {self.decision: ""},
                objection=lambda *_: "",
                in_question=lambda facts: [facts.key],
            ),
        )
        shop.begin_again()
        for key in (SIBLING, OTHER):
            await shop.news(key)
            await shop.run(key)
        about = NamedDocument(id=DOCUMENT, type="ItemRcpt", number="IR9", day=date(2026, 11, 20))
        async with shop.database.transaction() as on:
            kept = await decisions.record(
                on,
                NewDecision(
                    subject=SubjectRef("acme", FLOW, DECIDED),
                    kind=DecisionKind.HANDLED,
                    cause=Cause.RECEIVED_BY_OTHERS,
                    note="Asked",
                    about=DecidedAbout(document=about),
                ),
                person="Kim",
            )
        assert kept is not None
        self.decision = kept.id

    async def run(self, *, takes: int) -> list[str]:
        """Let the decided one run; return whom that woke, who then run and stop again."""
        self.takes = takes
        self.workshop.source.units[DECIDED] = takes or 5
        before = await self._wakes()
        await self.workshop.news(DECIDED)
        await self.workshop.run(DECIDED)
        woken = (await self._wakes())[len(before) :]
        for key in woken:
            await self.workshop.run(key)
        return woken

    async def _wakes(self) -> list[str]:
        found = await self.workshop.database.fetch(
            "select s.key from event as e join subject as s on s.id = e.subject_id"
            " where e.source = 'wake' order by e.id"
        )
        return [row["key"] for row in found]


async def _no_name(*_: object) -> None:
    return None


@pytest.fixture
async def desk(workshop: Workshop) -> Desk:
    made = Desk(workshop)
    await made.set_up()
    return made


async def test_what_is_taken_of_a_document_or_given_back_wakes_once(desk: Desk) -> None:
    took = await desk.run(takes=40)
    again = await desk.run(takes=40)
    more = await desk.run(takes=50)
    freed = await desk.run(takes=0)
    nothing = await desk.run(takes=0)

    assert (took, again, more, freed, nothing) == ([SIBLING], [], [SIBLING], [SIBLING], [])


async def test_only_those_that_a_document_may_have_stopped_are_siblings(desk: Desk) -> None:
    flows = {FLOW: desk.workshop.flow}
    decided = SubjectRef("acme", FLOW, DECIDED)

    async def found(ref: SubjectRef, *documents: str) -> list[str]:
        async with desk.workshop.database.transaction() as on:
            return [one.key for one in await siblings(on, flows, ref, documents)]

    of_document, of_both = await found(decided, DOCUMENT), await found(decided, DOCUMENT, OTHER)
    of_itself = await found(SubjectRef("acme", FLOW, SIBLING), DOCUMENT)
    elsewhere = await found(SubjectRef("other", FLOW, DECIDED), DOCUMENT)
    desk.cause = Cause.PERIOD_CLOSED
    await desk.workshop.news(SIBLING)
    await desk.workshop.run(SIBLING)

    assert (of_document, of_both) == ([SIBLING], [SIBLING, OTHER])
    assert (of_itself, elsewhere) == ([], [])
    assert await found(decided, DOCUMENT, OTHER) == [OTHER]
