"""Tables fit the terminal: dates and numbers stay whole, the least important column gives way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cli.table_layout import GAP, Column, in_cell, layout

COLUMNS = (Column("id"), Column("date"), Column("topic", left_out=1), Column("why"))
ROW = ["90311", "2026-11-20 10:00:00", "wro.updated", "The SKU is not known in NetSuite yet"]


def test_everything_is_shown_where_it_fits() -> None:
    found = layout(COLUMNS, [ROW], 120)

    assert found.left_out == ()
    assert found.widths == tuple(map(len, ROW))


def test_texts_wrap_between_words_before_a_column_is_left_out() -> None:
    found = layout(COLUMNS, [ROW], 60)

    assert found.left_out == ()
    assert found.widths == (5, 19, 11, 60 - 5 - 19 - 11 - 3 * GAP)


def test_the_least_important_column_is_left_out_and_named() -> None:
    found = layout(COLUMNS, [ROW], 45)

    assert found.left_out == ("topic",)
    assert found.shown == (0, 1, 3)
    assert found.widths == (5, 19, 45 - 5 - 19 - 2 * GAP)


def test_what_is_marked_whole_is_not_broken_at_its_spaces() -> None:
    found = layout((Column("name", whole=True), Column("why")), [["two words", "a b c d e"]], 14)

    assert found.widths == (9, 3)


@given(
    rows=st.lists(st.lists(st.text(max_size=30), min_size=4, max_size=4), max_size=4),
    width=st.integers(44, 200),
)
def test_a_table_is_never_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    found = layout(COLUMNS[2:] + COLUMNS[2:], rows, width)

    assert len(found.shown) == len(found.widths)
    assert sum(found.widths) + GAP * (len(found.widths) - 1) <= width


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (Decimal("-2024.06"), "\N{MINUS SIGN}2,024.06"),
        (Decimal("12.10"), "12.10"),
        (-5, "\N{MINUS SIGN}5"),
        (90311, "90311"),
        ("mlc-ir-1-1", "mlc-ir-1-1"),
    ],
)
def test_values_have_true_signs_and_ids_no_commas(value: object, said: str) -> None:
    assert in_cell(value) == said
