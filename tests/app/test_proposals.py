"""Which location a fulfillment center is proposed to be."""

import pytest

from ml_connector.app.set_up.proposals import proposals

LOCATIONS = [
    {"id": "6", "name": "ShipBob Moreno Valley"},
    {"id": "8", "name": "Cicero (IL)"},
    {"id": "9", "name": "3PL : Bethlehem"},
    {"id": "11", "name": "ShipBob"},
]


@pytest.mark.parametrize(
    ("name", "location", "why"),
    [
        ("Moreno Valley", "6", "same name"),
        ("Cicero (IL)", "8", "same name"),
        ("Bethlehem (PA)", "9", "similar name"),
        ("Ontario (CA)", "", "no proposal"),
        ("ShipBob", "", "no proposal"),  # of words that every name has, none says anything
        ("", "", "no proposal"),
    ],
)
def test_a_name_proposes_a_location_or_none(name: str, location: str, why: str) -> None:
    [found] = proposals([{"id": "1", "name": name}], LOCATIONS, {})

    assert (found.location, found.why) == (location, why)


def test_a_location_is_one_centers_only() -> None:
    centers = [{"id": "1", "name": "Cicero"}, {"id": "2", "name": "Cicero (IL)"}]

    chosen = proposals(centers, LOCATIONS, {"2": "8"})

    assert [(one.location, one.why) for one in chosen] == [("", "no proposal"), ("8", "chosen")]


def test_two_locations_that_fit_alike_propose_nothing() -> None:
    twice = [{"id": "1", "name": "Cicero North"}, {"id": "2", "name": "Cicero South"}]

    [found] = proposals([{"id": "5", "name": "Cicero"}], twice, {})

    assert found.why == "no proposal"
