"""The books that the condensed story must lead to, as they are asked without the flows."""

from collections.abc import Iterator

import pytest

from ml_connector.selftest.oracle import faults
from ml_connector.selftest.playing import StoppedFlow, told_nobody
from ml_connector.selftest.story import CondensedStory
from ml_connector.sim.world import world


@pytest.fixture(scope="module")
def alone() -> Iterator[CondensedStory]:
    """The story, without anybody who keeps the two systems in agreement."""
    with world() as both:
        story = CondensedStory(both)
        story.set_up()
        assert faults(story) == []
        for act in story.acts():
            act()
        yield story


def test_nothing_that_happened_is_in_netsuite(alone: CondensedStory) -> None:
    found = faults(alone)
    flows = {flow for fault in found for flow, _ in fault.subjects}

    assert flows == {"receiving", "tracking", "returns", "billing"}
    assert told_nobody(found, []) == found


def test_a_stop_stands_for_what_is_wrong_with_its_own_subject_only(
    alone: CondensedStory,
) -> None:
    assert alone.unordered is not None
    key = str(alone.unordered.id)
    stop = StoppedFlow(flow="receiving", key=key, cause="period_closed", sentence="It is closed")
    left = told_nobody(faults(alone), [stop])

    assert len(left) == len(faults(alone)) - 1
    assert not any("NEW" in fault.what for fault in left)


def test_a_flow_that_is_blind_stands_for_all_of_its_subjects(alone: CondensedStory) -> None:
    stop = StoppedFlow(flow="billing", key="*", cause="permission_missing", sentence="No scope")

    assert not any("invoice" in fault.what for fault in told_nobody(faults(alone), [stop]))


def test_a_second_wro_of_an_order_is_seen(alone: CondensedStory) -> None:
    alone.world.shipbob.create_wro({"TEE": 100}, purchase_order_number="PO4711-2")

    assert any("WROs of the purchase order" in fault.what for fault in faults(alone))
