"""How long ShipBob waits for an answer while the worker is busy with earlier webhooks."""

import contextlib
import secrets
from collections.abc import Iterator

import msgspec

from ml_connector.app.installation import setup
from ml_connector.bench.child import MODULE, child, next_line, say
from ml_connector.bench.clicks import PEOPLE
from ml_connector.bench.figures import Measured, of_rounds, percentile
from ml_connector.bench.load import Outcome
from ml_connector.bench.rig import Rig, send
from ml_connector.secret import Secret

PER_SECOND = 200.0
MOST_P99_MS = 50.0
MOST_PAGE_MS = 200.0
_APART = 10_000_000


def ack_latency(rig: Rig, *, seconds: float, rounds: int) -> Measured:
    """Measure the time from when a webhook is due until it is answered, at 200 a second.

    ``serve`` runs as usual, and every delivery is about another WRO, so that its worker is busy
    all the time; in each round once more while ten people open a page of the console each second.
    In each round a process that answers without storing gets the same, while that
    worker goes on. Its latency is the floor on this machine.

    Args:
        rig: what it runs on.
        seconds: of all rounds together, for the deliveries that are stored.
        rounds: number of parts.
    """
    wrong: list[str] = []
    floor: list[list[float]] = []
    acks: list[list[float]] = []
    clicked: list[list[float]] = []
    pages: list[list[float]] = []
    password = secrets.token_hex(16)
    setup.add_administrator(rig.settings, Secret(password))
    with (
        rig.serving() as url,
        rig.answering("unstored", *MODULE, "unstored") as unstored_url,
    ):
        _run(rig, url, 1.0, 1, wrong)
        _run(rig, unstored_url, 1.0, 1, wrong)
        for number in range(1, rounds + 1):
            acks.append(_run(rig, url, seconds / rounds, number * _APART, wrong))
            first = (number + rounds) * _APART
            with _clicking(rig, url, password) as taken:
                clicked.append(_run(rig, url, seconds / rounds, first, wrong))
            pages.append(taken)
            floor.append(_run(rig, unstored_url, seconds / rounds, 1, wrong))
    ratios = [
        percentile(mine, 0.99) / percentile(below, 0.99)
        for mine, below in zip(acks, floor, strict=True)
    ]
    return Measured(
        name="ack-latency",
        about=f"time to an ack at {PER_SECOND:g}/s while the worker is busy",
        figures=(
            of_rounds("p50", _ms(acks, 0.5), "ms"),
            of_rounds("p99", _ms(acks, 0.99), "ms", at_most=MOST_P99_MS),
            of_rounds(f"p50 while {PEOPLE} people click", _ms(clicked, 0.5), "ms"),
            of_rounds(
                f"p99 while {PEOPLE} people click",
                _ms(clicked, 0.99),
                "ms",
                at_most=MOST_P99_MS,
            ),
            of_rounds("their pages, p95", _ms(pages, 0.95), "ms", at_most=MOST_PAGE_MS),
            of_rounds("floor p50: answered without storing", _ms(floor, 0.5), "ms"),
            of_rounds("floor p99", _ms(floor, 0.99), "ms"),
            of_rounds("ratio of p99", ratios, "x"),
        ),
        wrong=tuple(wrong),
    )


@contextlib.contextmanager
def _clicking(rig: Rig, url: str, password: str) -> Iterator[list[float]]:
    """Let ten people click for the length of the block; then the list has what pages took."""
    taken: list[float] = []
    with child([*MODULE, "clicks", url, password], rig.folder / "clicks.log") as people:
        next_line(people, "Nobody clicks")
        yield taken
        say(people)
        found = msgspec.json.decode(next_line(people, "Nobody clicks"), type=list[float | None])
        taken += [float("inf") if one is None else one for one in found]


def _run(rig: Rig, url: str, seconds: float, first_id: int, wrong: list[str]) -> list[float]:
    outcome: Outcome = send(
        rig.load(url, seconds=seconds, per_second=PER_SECOND, first_id=first_id)
    )
    if set(outcome.statuses) != {200}:
        wrong.append(f"answers by status: {outcome.statuses}")
    return outcome.latencies


def _ms(rounds: list[list[float]], share: float) -> list[float]:
    return [percentile(values, share) * 1000 for values in rounds]
