"""A return never waits for what is there: it would run again and again."""

from typing import cast

import pytest

from golden import Case, names
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman
from ml_connector.flows import FLOWS, WAKINGS
from ml_connector.flows.returns import FLOW
from ml_connector.reads.reads import Reads


@pytest.mark.parametrize("name", names("returns"))
async def test_what_a_return_waits_for_is_not_there(name: str) -> None:
    case = Case("returns", name)
    reads = cast("Reads", case)
    failure: ConnectorError | None
    try:
        facts = await FLOW.read(case.key, reads)
        failure = FLOWS["returns"].plan(facts, case.posted(), case.settings()).remaining_failure
    except ConnectorError as error:
        failure = error
    awaited = failure.waiting_for if isinstance(failure, NeedsData | NeedsHuman) else ()
    orders = {"sales_order", "return_authorization", "fulfilled_units"}

    for one in awaited:
        appeared = WAKINGS[one.kind].appeared
        if one.kind in orders and appeared is not None:
            assert await appeared(reads, {one.name}) == set()
