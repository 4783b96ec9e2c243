"""How long ShipBob waits for an answer while the worker is busy with earlier webhooks."""

from ml_connector.bench.child import MODULE
from ml_connector.bench.figures import Measured, of_rounds, percentile
from ml_connector.bench.load import Outcome
from ml_connector.bench.rig import Rig, send

PER_SECOND = 200.0
MOST_P99_MS = 50.0
_APART = 10_000_000


def ack_latency(rig: Rig, *, seconds: float, rounds: int) -> Measured:
    """Measure the time from when a webhook is due until it is answered, at 200 a second.

    ``serve`` runs as usual, and every delivery is about another WRO, so that its worker is busy
    all the time. In each round a process that answers without storing gets the same, while that
    worker goes on. Its latency is the floor on this machine.

    Args:
        rig: what it runs on.
        seconds: of all rounds together, for the deliveries that are stored.
        rounds: number of parts.
    """
    wrong: list[str] = []
    floor: list[list[float]] = []
    acks: list[list[float]] = []
    with (
        rig.serving() as url,
        rig.answering("unstored", *MODULE, "unstored") as unstored_url,
    ):
        _run(rig, url, 1.0, 1, wrong)
        _run(rig, unstored_url, 1.0, 1, wrong)
        for number in range(1, rounds + 1):
            acks.append(_run(rig, url, seconds / rounds, number * _APART, wrong))
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
            of_rounds("floor p50: answered without storing", _ms(floor, 0.5), "ms"),
            of_rounds("floor p99", _ms(floor, 0.99), "ms"),
            of_rounds("ratio of p99", ratios, "x"),
        ),
        wrong=tuple(wrong),
    )


def _run(rig: Rig, url: str, seconds: float, first_id: int, wrong: list[str]) -> list[float]:
    outcome: Outcome = send(
        rig.load(url, seconds=seconds, per_second=PER_SECOND, first_id=first_id)
    )
    if set(outcome.statuses) != {200}:
        wrong.append(f"answers by status: {outcome.statuses}")
    return outcome.latencies


def _ms(rounds: list[list[float]], share: float) -> list[float]:
    return [percentile(values, share) * 1000 for values in rounds]
