"""Which location a fulfillment center is proposed to be."""

import pytest

from ml_connector.app.set_up.proposals import AddressedPlace, proposals

LOCATIONS = [
    AddressedPlace("6", "ShipBob Moreno Valley"),
    AddressedPlace("8", "Cicero (IL)"),
    AddressedPlace("9", "3PL : Bethlehem"),
    AddressedPlace("11", "ShipBob"),
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
    [found] = proposals([AddressedPlace("1", name)], LOCATIONS, {})

    assert (found.location, found.why) == (location, why)


def test_a_location_is_one_centers_only() -> None:
    centers = [AddressedPlace("1", "Cicero"), AddressedPlace("2", "Cicero (IL)")]

    chosen = proposals(centers, LOCATIONS, {"2": "8"})

    assert [(one.location, one.why) for one in chosen] == [("", "no proposal"), ("8", "chosen")]


def test_two_locations_that_fit_alike_propose_nothing() -> None:
    twice = [AddressedPlace("1", "Cicero North"), AddressedPlace("2", "Cicero South")]

    [found] = proposals([AddressedPlace("5", "Cicero")], twice, {})

    assert found.why == "no proposal"


def test_two_centers_that_fit_one_location_alike_are_left_to_a_person() -> None:
    centers = [
        AddressedPlace("1", "Cicero North"),
        AddressedPlace("2", "Cicero South"),
        AddressedPlace("3", "Bethlehem"),
    ]

    found = proposals(centers, LOCATIONS, {})

    assert [one.location for one in found] == ["", "", "9"]


CICERO = AddressedPlace("5", "CHI2", "2720 S Ridgeland Ave, Berwyn, 60402")


@pytest.mark.parametrize(
    ("location", "why"),
    [
        (
            AddressedPlace("1", "Our goods", "2720 S Ridgeland Ave\nBerwyn IL 60402\nUS"),
            "same address",
        ),
        (AddressedPlace("1", "3PL Berwyn"), "same city"),
        (AddressedPlace("1", "Our goods", "2720 S Ridgeland Ave, Berwyn IL"), "no proposal"),
        (AddressedPlace("1", "3PL Berwyn", "1 Main St, Reno NV 89501"), "no proposal"),
        (AddressedPlace("1", "chi2", "1 Main St, Reno NV 89501"), "same name"),
        (AddressedPlace("1", "3PL CHI2", "1 Main St, Reno NV 89501"), "no proposal"),
        (AddressedPlace("1", "3PL CHI2", "1 Main St, Berwyn IL 60402"), "similar name"),
        (AddressedPlace("1", "3PL CHI2"), "similar name"),
    ],
)
def test_an_address_proposes_a_location_and_speaks_against_one(
    location: AddressedPlace, why: str
) -> None:
    [found] = proposals([CICERO], [location, AddressedPlace("2", "Another")], {})

    assert (found.why, found.location) == (why, "" if why == "no proposal" else "1")


def test_the_surest_way_goes_first_whichever_center_is_listed_first() -> None:
    centers = [AddressedPlace("1", "Cicero South"), AddressedPlace("2", "Cicero")]

    found = proposals(centers, [AddressedPlace("8", "Cicero")], {})

    assert [one.location for one in found] == ["", "8"]


@pytest.mark.parametrize("address", ["", "Berwyn", "2720 S Ridgeland Ave, Berwyn"])
def test_a_center_whose_address_is_not_told_whole_is_proposed_by_its_name(address: str) -> None:
    [found] = proposals([AddressedPlace("5", "Bethlehem (PA)", address)], LOCATIONS, {})

    assert (found.location, found.why) == ("9", "similar name")
