import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.netsuite.records.fulfillments import Package, merged
from ml_connector.netsuite.records.tracking_numbers import compared_number

NUMBER = "1Z999AA10123456784"

numbers = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=24)
between = st.sampled_from(["", " ", "-", "  ", "\t", "\xa0", "\u2011", "\u2013", "\u200b"])


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str]:
    """A number, and the same number as somebody types or pastes it."""
    number = draw(numbers)
    parts = [draw(between)]
    for letter in number:
        parts += [draw(st.sampled_from([letter, letter.lower()])), draw(between)]
    return number, "".join(parts)


@given(typed())
def test_a_number_is_the_same_however_it_is_typed(both: tuple[str, str]) -> None:
    number, as_typed = both

    assert compared_number(as_typed) == compared_number(number) == number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0012345678", "12345678"),
        ("12345678", "1234567"),
        ("1234/5678", "12345678"),
        ("12345678O", "123456780"),
    ],
)
def test_two_numbers_stay_two(one: str, other: str) -> None:
    assert compared_number(one) != compared_number(other)


@given(typed())
def test_a_package_that_is_there_is_not_added_again(both: tuple[str, str]) -> None:
    number, as_typed = both
    there = (Package(package_tracking_number=as_typed), Package(package_descr="Gift box"))

    assert merged(there, [Package(package_tracking_number=number)]) == there
