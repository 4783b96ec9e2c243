"""Laws of returns that hold for every return, every authorization and every policy."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError
from ml_connector.flows.returns.facts import (
    Authorization,
    AuthorizedLine,
    Done,
    ReceivedUnits,
    ReturnedLine,
    ReturnFacts,
    Sale,
    SoldLine,
)
from ml_connector.flows.returns.plan import plan
from ml_connector.flows.returns.source_lines import source_lines
from ml_connector.ledger.conservation.equation import of_subject
from ml_connector.ledger.postings.documents import Document, Plan, Posted, TransformRecord
from ml_connector.rules.facts import ItemFact

SKUS: Final = ("TEE", "CAP", "LOT")
ACTIONS: Final = ("Restock", "Quarantine", "Dispose")
PLACE: Final = {"Restock": "6", "Quarantine": "9", "Dispose": "6"}

returned = st.dictionaries(
    st.tuples(st.sampled_from(SKUS), st.sampled_from(ACTIONS)), st.integers(0, 9), max_size=9
)
ordered = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 12)), max_size=4)
policies = st.sampled_from(["adjust", "park"])
sources = st.sampled_from(["authorization", "order", "nothing"])

Units = dict[tuple[str, str], int]


@dataclass
class NetSuite:
    """NetSuite's side: what was authorised or sold, received, and where stock lies."""

    source: str
    lines: Sequence[tuple[str, int]]
    posted: list[Posted] = field(default_factory=list)
    received: Counter[int] = field(default_factory=Counter)
    receipts: list[ReceivedUnits] = field(default_factory=list)
    made: list[tuple[int, int]] | None = None
    stock: Counter[tuple[str, str]] = field(default_factory=Counter)
    written_off: Counter[str] = field(default_factory=Counter)
    lots: dict[str, str] = field(default_factory=dict)

    def facts(self, done: Units) -> ReturnFacts:
        quantities = {sku: sum(done.get((sku, one), 0) for one in ACTIONS) for sku in SKUS}
        return ReturnFacts(
            return_id=88,
            status="Completed",
            reference="RMA-1",
            center_id=228,
            center_name="Moreno Valley (CA)",
            completed_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
            lines=tuple(
                ReturnedLine(
                    inventory_id=number,
                    sku=sku,
                    announced=quantities[sku],
                    lot="L-7" if sku == "LOT" else None,
                    done=tuple(
                        Done(action=one, quantity=done[sku, one])
                        for one in ACTIONS
                        if (sku, one) in done
                    ),
                )
                for number, sku in enumerate(SKUS, 1)
            ),
            items={sku: (ItemFact(id=sku, name=sku, lot_tracked=sku == "LOT"),) for sku in SKUS},
            named=self._named(),
            order_key="SO-1" if self.source == "order" else None,
            sales=self._sales() if self.source == "order" and self.made is None else (),
            lots=dict(self.lots),
        )

    def _named(self) -> tuple[Authorization, ...]:
        if self.source == "authorization":
            wanted = [(line, sku, units) for line, (sku, units) in enumerate(self.lines, 1)]
            return (self._authorization(wanted, None),)
        if self.made is None:
            return ()
        made = [
            (number, self.lines[line - 1][0], units)
            for number, (line, units) in enumerate(self.made, 11)
        ]
        return (self._authorization(made, "mlc-ra-88"),)

    def _authorization(
        self, lines: Sequence[tuple[int, str, int]], external_id: str | None
    ) -> Authorization:
        return Authorization(
            id="901",
            number="RMA-1",
            status="D",
            external_id=external_id,
            lines=tuple(
                AuthorizedLine(
                    line=line,
                    item_id=sku,
                    authorized=units,
                    open_quantity=units - self.received[line],
                )
                for line, sku, units in lines
            ),
            receipts=tuple(self.receipts),
        )

    def _sales(self) -> tuple[Sale, ...]:
        lines = tuple(
            SoldLine(line=line, item_id=sku, fulfilled=units, unfulfilled=0)
            for line, (sku, units) in enumerate(self.lines, 1)
        )
        return (Sale(id="766", number="SO-1", status="F", lines=lines),)

    def post(self, document: Document) -> None:
        """Do what a document says, as NetSuite would; refuse what it would refuse."""
        request = document.request
        assert document.external_id not in {one.external_id for one in self.posted}
        if isinstance(request, TransformRecord) and request.to_type == "returnAuthorization":
            assert self.made is None
            assert request.replace == ("item",)
            self.made = [
                (line["orderLine"], line["quantity"]) for line in request.body["item"]["items"]
            ]
        elif isinstance(request, TransformRecord):
            self._receive(document, request)
        else:
            self._adjust(document)
        for line in document.lines:
            assert line.sku is not None
            assert line.location is not None
            self.stock[line.sku, line.location] += line.quantity or 0
        self.posted.append(
            Posted(
                system=document.system,
                kind=document.kind,
                external_id=document.external_id,
                remote_id="901",
                lines=document.lines,
            )
        )

    def _receive(self, document: Document, request: TransformRecord) -> None:
        lines = {one.line: one for one in self._named()[0].lines}
        still_open = {number for number, one in lines.items() if one.open_quantity}
        named = {line["orderLine"] for line in request.body["item"]["items"]}
        assert named == still_open  # every open line, and no other
        for line in request.body["item"]["items"]:
            if line["itemReceive"]:
                assert 0 < line["quantity"] <= lines[line["orderLine"]].open_quantity
                self.received[line["orderLine"]] += line["quantity"]
                self.receipts.append(
                    ReceivedUnits(
                        id="9001",
                        number="IR1",
                        external_id=document.external_id,
                        item_id=lines[line["orderLine"]].item_id,
                        location=line["location"]["id"],
                        quantity=line["quantity"],
                    )
                )
        if any(line.lot for line in document.lines):
            self.lots["LOT L-7"] = "4401"

    def receive_by_hand(self, line: int, sku: str, units: int) -> None:
        """Let a person receive units of a line."""
        if units:
            self.received[line] += units
            self.receipts.append(
                ReceivedUnits(
                    id="7001",
                    number="IR-HAND",
                    external_id=None,
                    item_id=sku,
                    location="6",
                    quantity=units,
                )
            )

    def _adjust(self, document: Document) -> None:
        if any(line.lot for line in document.lines):
            self.lots["LOT L-7"] = "4401"
        for line in document.lines:
            if (line.quantity or 0) < 0:
                assert self.stock[line.sku or "", line.location or ""] >= -(line.quantity or 0)
                self.written_off[line.sku or ""] -= line.quantity or 0


def settings(policy: str) -> ConnectionSettings:
    table: dict[str, Any] = {
        **SETTINGS,
        "accounts": {"inventory_adjustment": "54", "write_off": "55"},
        "policies": {"unmatched_return": policy, "quarantine_location": "9"},
    }
    return ConnectionSettings.model_validate(table)


def converge(done: Units, netsuite: NetSuite, terms: ConnectionSettings) -> Plan | None:
    """Plan and post until nothing more is to be decided; return the last plan, if any."""
    for _ in range(9):
        try:
            decided = plan(netsuite.facts(done), netsuite.posted, terms)
        except ConnectorError:
            return None
        for document in decided.documents:
            netsuite.post(document)
        if not decided.replan_after_posting:
            return decided
    raise AssertionError("it is decided anew for ever")


def came_back(done: Units) -> Units:
    return {key: units for key, units in done.items() if units}


@given(returned, ordered, policies, sources)
def test_every_unit_that_came_back_is_posted_waiting_or_refused(
    done: Units, lines: list[tuple[str, int]], policy: str, source: str
) -> None:
    netsuite, terms = NetSuite(source, lines), settings(policy)
    last = converge(done, netsuite, terms)
    waits = last is None or last.remaining_failure is not None
    held = source_lines(netsuite.facts(done), terms)
    equation = of_subject(
        held,
        [line for document in netsuite.posted for line in document.lines],
        last.refused if last else (),
        waits=waits,
    )

    assert equation.holds
    assert equation.all.quantity == sum(done.values())
    assert equation.refused.quantity == 0
    assert equation.posted.quantity + equation.waiting.quantity == sum(done.values())


@given(returned, ordered, sources)
def test_returned_units_are_those_restocked_quarantined_and_disposed(
    done: Units, lines: list[tuple[str, int]], source: str
) -> None:
    netsuite = NetSuite(source, lines)
    converge(done, netsuite, settings("adjust"))
    expected: Counter[tuple[str, str]] = Counter()
    for (sku, action), units in done.items():
        if action != "Dispose":
            expected[sku, PLACE[action]] += units

    assert +netsuite.stock == +expected
    assert +netsuite.written_off == Counter(
        {sku: units for (sku, action), units in came_back(done).items() if action == "Dispose"}
    )


@given(returned, ordered, policies, sources)
def test_converging_twice_posts_nothing(
    done: Units, lines: list[tuple[str, int]], policy: str, source: str
) -> None:
    netsuite, terms = NetSuite(source, lines), settings(policy)
    converge(done, netsuite, terms)
    posted = list(netsuite.posted)
    converge(done, netsuite, terms)

    assert netsuite.posted == posted


@given(returned, ordered, policies)
def test_no_line_takes_more_than_was_authorised_and_waste_never_more_than_came_in(
    done: Units, lines: list[tuple[str, int]], policy: str
) -> None:
    netsuite = NetSuite("authorization", lines)
    converge(done, netsuite, settings(policy))

    for number, (_, units) in enumerate(lines, 1):
        assert netsuite.received[number] <= units
    assert all(units >= 0 for units in netsuite.stock.values())


@given(returned, ordered, st.lists(st.integers(0, 6), max_size=4), policies)
def test_units_that_a_person_received_are_never_received_again(
    done: Units, lines: list[tuple[str, int]], by_hand: list[int], policy: str
) -> None:
    netsuite, terms = NetSuite("authorization", lines), settings(policy)
    for number, ((sku, authorized), wanted) in enumerate(zip(lines, by_hand, strict=False), 1):
        netsuite.receive_by_hand(number, sku, min(authorized, wanted))
    received = Counter[str]()
    for receipt in netsuite.receipts:
        received[receipt.item_id] += receipt.quantity
    expected = Counter[str]()
    for number, (sku, authorized) in enumerate(lines, 1):
        expected[sku] += authorized - netsuite.received[number]
    last = converge(done, netsuite, terms)
    refused = last.refused if last else ()
    equation = of_subject(
        source_lines(netsuite.facts(done), terms),
        [line for document in netsuite.posted for line in document.lines],
        refused,
        waits=last is None or last.remaining_failure is not None,
    )
    came = Counter[str]()
    for document in netsuite.posted:
        for line in document.lines:
            came[line.sku or ""] += max(0, line.quantity or 0)
    theirs = Counter[str]()
    for one in refused:
        theirs[SKUS[int(one.source_line.split()[1]) - 1]] += one.quantity or 0

    assert equation.holds
    for sku in SKUS:
        units = sum(done.get((sku, action), 0) for action in ACTIONS)
        beyond = max(0, units - expected[sku])
        if last is not None:
            # What the authorization expects is received; of the rest, what others hold is theirs.
            assert theirs[sku] == min(beyond, received[sku])
            assert came[sku] >= min(units, expected[sku])
            assert came[sku] <= units - theirs[sku]


@given(st.lists(returned, min_size=1, max_size=3), ordered, sources)
def test_a_history_of_news_ends_in_the_same_books_as_its_end(
    history: list[Units], lines: list[tuple[str, int]], source: str
) -> None:
    grown: Units = defaultdict(int)
    step_by_step, at_once = NetSuite(source, lines), NetSuite(source, lines)
    for increase in history:
        for key, units in increase.items():
            grown[key] += units
        converge(dict(grown), step_by_step, settings("adjust"))
        converge(dict(grown), step_by_step, settings("adjust"))
    converge(dict(grown), at_once, settings("adjust"))

    assert +step_by_step.stock == +at_once.stock
    assert +step_by_step.written_off == +at_once.written_off


@given(returned, ordered, policies, sources)
def test_the_same_facts_give_the_same_documents_byte_for_byte(
    done: Units, lines: list[tuple[str, int]], policy: str, source: str
) -> None:
    seen = NetSuite(source, lines).facts(done)
    stored = msgspec.json.decode(msgspec.json.encode(seen), type=ReturnFacts)

    def encoded(one: ReturnFacts) -> list[bytes] | str:
        try:
            return [document.encoded() for document in plan(one, (), settings(policy)).documents]
        except ConnectorError as error:
            return str(error)

    assert encoded(seen) == encoded(stored)
