"""Figures know their targets; percentiles are of the values themselves."""

import pytest

from ml_connector.bench.figures import Figure, of_rounds, percentile


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]

    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_a_figure_is_the_median_of_its_rounds() -> None:
    figure = of_rounds("acks", [900.0, 2000.0, 1600.0], "/s", at_least=1500)

    assert figure.value == 1600
    assert figure.meets is True


@pytest.mark.parametrize(
    ("figure", "meets"),
    [
        (Figure(name="rate", value=1499, unit="/s", at_least=1500), False),
        (Figure(name="p99", value=50, unit="ms", at_most=50), True),
        (Figure(name="p99", value=51, unit="ms", at_most=50), False),
        (Figure(name="floor", value=1, unit="ms"), None),
    ],
)
def test_a_target_is_met_or_missed(figure: Figure, *, meets: bool | None) -> None:
    assert figure.meets is meets
