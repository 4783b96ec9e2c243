"""Charts, worked out: what templates draw, and the same for the script that draws it livelier.

Pure. The script gets seconds since 1970 and numbers, and nothing that came from outside.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.app.views.overview import Hour
from ml_connector.app.views.stock import StockPoint

_NICE: Final = (1, 2, 2.5, 5, 10)
_STEPS: Final = 4
_HOURS: Final = 24
_WIDTH: Final = 1000.0
_FLOOR: Final = 226.0
_HEIGHT: Final = 212.0


class BarPart(msgspec.Struct, frozen=True):
    """A part of a bar; ``mark``: the class of its colour."""

    name: str
    mark: str
    value: int


class Bar(msgspec.Struct, frozen=True):
    """A bar, from the bottom up."""

    label: str
    parts: tuple[BarPart, ...]


class BarChart(msgspec.Struct, frozen=True, kw_only=True):
    """Bars over an axis of ``steps``, the last of which is ``top``."""

    bars: tuple[Bar, ...]
    steps: tuple[int, ...]
    top: int
    most: int
    json: str


class Tick(msgspec.Struct, frozen=True):
    """A word below a chart, so many percent from its left."""

    label: str
    percent: float
    anchor: str


class ChartLine(msgspec.Struct, frozen=True):
    """A line: its points in a picture of 1,000 by 252."""

    name: str
    mark: str
    points: str


class LineChart(msgspec.Struct, frozen=True, kw_only=True):
    """Lines over an axis from ``bottom`` to ``bottom`` + ``span``."""

    lines: tuple[ChartLine, ...]
    steps: tuple[int, ...]
    bottom: int
    span: int
    ticks: tuple[Tick, ...]
    json: str


def hours_chart(begun: Sequence[Hour], zone: str) -> BarChart:
    """Return the events of each hour of a day as bars: done, on their way or waiting, stopped.

    Args:
        begun: the hours of the day that have begun; the others are empty.
        zone: in which their times are written.
    """
    there = ZoneInfo(zone)
    hours = [*begun, *_to_come(begun)]
    most = max((one.done + one.open + one.stopped for one in hours), default=0)
    steps = _steps(0, most)
    return BarChart(
        bars=tuple(
            Bar(
                f"{one.at.astimezone(there):%H:%M}",
                (
                    BarPart("done", "m1", one.done),
                    BarPart("on their way or waiting", "m2", one.open),
                    BarPart("stopped", "m3", one.stopped),
                ),
            )
            for one in hours
        ),
        steps=steps,
        top=steps[-1],
        most=most,
        json=_json(
            "bars",
            [one.at for one in hours],
            [
                ("done", "c1", [one.done for one in hours]),
                ("on their way or waiting", "c2", [one.open for one in hours]),
                ("stopped", "c3", [one.stopped for one in hours]),
            ],
        ),
    )


def _to_come(begun: Sequence[Hour]) -> Iterator[Hour]:
    for number in range(len(begun), _HOURS if begun else 0):
        yield Hour(at=begun[0].at + timedelta(hours=number), done=0, open=0, stopped=0)


def stock_chart(points: Sequence[StockPoint], zone: str) -> LineChart:
    """Return the stock of both systems as lines."""
    both = [*(float(one.netsuite) for one in points), *(float(one.shipbob) for one in points)]
    steps = _steps(min(both, default=0), max(both, default=0))
    bottom, span = steps[0], max(1, steps[-1] - steps[0])
    first, last = (points[0].at, points[-1].at) if points else (None, None)
    length = (last - first).total_seconds() if first and last else 0.0

    def line(name: str, mark: str, values: Sequence[float]) -> ChartLine:
        found = []
        for one, value in zip(points, values, strict=True):
            gone = (one.at - points[0].at).total_seconds()
            x = _WIDTH * gone / length if length else 0.0
            found.append(f"{x:.1f},{_FLOOR - _HEIGHT * (value - bottom) / span:.1f}")
        return ChartLine(name, mark, " ".join(found))

    netsuite = [float(one.netsuite) for one in points]
    shipbob = [float(one.shipbob) for one in points]
    return LineChart(
        lines=(line("ShipBob", "l2", shipbob), line("NetSuite", "l1", netsuite)),
        steps=steps,
        bottom=bottom,
        span=span,
        ticks=_ticks(points, zone),
        json=_json(
            "lines",
            [one.at for one in points],
            [("NetSuite", "c1", netsuite), ("ShipBob", "c2", shipbob)],
        ),
    )


def _ticks(points: Sequence[StockPoint], zone: str) -> tuple[Tick, ...]:
    if len(points) <= 1:
        return ()
    there = ZoneInfo(zone)
    ends = ((points[0].at, 0.0, "start"), (points[-1].at, 100.0, "end"))
    return tuple(Tick(_day(at.astimezone(there)), percent, anchor) for at, percent, anchor in ends)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def _steps(least: float, most: float) -> tuple[int, ...]:
    """Return whole numbers of even distance that enclose a range, at most six of them."""
    reach = max(1.0, most - least)
    size = 10 ** (len(str(int(reach / _STEPS))) - 1)
    step = next(max(1, int(nice * size)) for nice in _NICE if nice * size * _STEPS >= reach)
    first = int(least // step) * step
    found = [first]
    while found[-1] < most or len(found) == 1:
        found.append(found[-1] + step)
    return tuple(found)


def _json(
    kind: str, moments: Sequence[datetime], series: Sequence[tuple[str, str, Sequence[float]]]
) -> str:
    value: dict[str, Any] = {
        "kind": kind,
        "x": [int(at.timestamp()) for at in moments],
        "series": [
            {"label": label, "color": color, "values": list(values)}
            for label, color, values in series
        ],
    }
    return msgspec.json.encode(value).decode()
