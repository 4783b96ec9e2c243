"""An inventory adjustment of a shipment that NetSuite shows and the books lack."""

from datetime import date
from decimal import Decimal
from typing import cast

import pytest

from golden import Case
from ml_connector.engine.found import FoundLine, FoundRecord
from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking import FLOW
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.flows.tracking.found import found_document
from ml_connector.flows.tracking.plan import plan
from ml_connector.reads.reads import Reads

ADJUSTED = "shipment_without_an_order_is_adjusted_by_policy"


def record(quantity: int) -> FoundRecord:
    line = FoundLine(
        item="501", location="7", quantity=Decimal(quantity), amount=None, account=None
    )
    return FoundRecord(
        id="9301",
        type="InvAdjst",
        external_id="mlc-ia-shp-210000101-1",
        number=1,
        date=date(2026, 11, 21),
        account="54",
        lines=(line,),
    )


async def facts_of(name: str) -> tuple[TrackingFacts, Case]:
    case = Case("tracking", name)
    facts = await FLOW.facts_beside((), case.key, cast("Reads", case))
    return cast("TrackingFacts", facts), case


async def test_an_adjustment_in_netsuite_is_the_document_that_was_planned() -> None:
    facts, case = await facts_of(ADJUSTED)
    [planned] = plan(facts, (), case.settings()).documents
    found = found_document(facts, record(-2), (), case.settings())

    assert (found.kind, found.external_id) == (planned.kind, planned.external_id)
    assert found.lines == planned.lines


@pytest.mark.parametrize("quantity", [-3, -1, 2])
async def test_an_adjustment_of_other_units_is_not_taken_in(quantity: int) -> None:
    facts, case = await facts_of(ADJUSTED)

    with pytest.raises(NeedsHuman, match="other units"):
        found_document(facts, record(quantity), (), case.settings())


async def test_an_adjustment_whose_order_is_there_by_now_is_not_taken_in() -> None:
    facts, case = await facts_of("shipped_is_fulfilled")

    with pytest.raises(NeedsHuman, match="in NetSuite by now"):
        found_document(facts, record(-2), (), case.settings())
