"""Durable acks a second, beside the same server that answers without storing."""

import psycopg

from ml_connector.bench.child import MODULE, PROGRAM
from ml_connector.bench.deliveries import TOPICS
from ml_connector.bench.figures import Figure, Measured, of_rounds
from ml_connector.bench.load import Outcome
from ml_connector.bench.rig import Rig, send

LEAST_PER_SECOND = 1_500.0
LEAST_RATIO = 0.35
_CONNECTIONS = 32
_APART = 10_000_000


def acks(rig: Rig, *, seconds: float, rounds: int) -> Measured:
    """Measure how many deliveries a second are answered after they are on disk.

    Two web processes as ``serve`` runs them, on one database with its default, durable
    settings; the intake of one answers without storing. In each round both get as much as they
    take, one after the other, over 32 connections; then the storing one again, with all
    deliveries about the same WRO.

    Args:
        rig: what it runs on.
        seconds: of each run.
        rounds: number of rounds.
    """
    floor: list[float] = []
    many: list[float] = []
    one: list[float] = []
    wrong: list[str] = []
    with (
        rig.answering("unstored", *MODULE, "unstored") as unstored_url,
        rig.answering("web", *PROGRAM, "web", "--fd") as stored_url,
    ):
        # Not counted: it warms both up. Its deliveries are in the inbox as well.
        _ok(_run(rig, unstored_url, 0.5, first_id=1), wrong)
        accepted = _ok(_run(rig, stored_url, 0.5, first_id=1), wrong)
        for number in range(1, rounds + 1):
            floor.append(_per_second(_run(rig, unstored_url, seconds, first_id=1), wrong))
            outcome = _run(rig, stored_url, seconds, first_id=number * _APART)
            many.append(_per_second(outcome, wrong))
            accepted += outcome.statuses.get(200, 0)
            outcome = _run(rig, stored_url, seconds, first_id=1, one_id=True)
            one.append(_per_second(outcome, wrong))
            accepted += outcome.statuses.get(200, 0)
        stored = _stored(rig)
    if stored != accepted:
        wrong.append(f"{accepted} deliveries were answered with 200, {stored} are in the inbox")
    return Measured(
        name="acks",
        about=f"durable acks, {_CONNECTIONS} connections, 1.7 kB, {len(TOPICS)} topics",
        figures=(
            of_rounds("acks, many WROs", many, "/s", at_least=LEAST_PER_SECOND),
            of_rounds("acks, one WRO", one, "/s"),
            of_rounds("floor: answered without storing", floor, "/s"),
            _ratio("ratio, many WROs", many, floor, at_least=LEAST_RATIO),
            _ratio("ratio, one WRO", one, floor),
        ),
        wrong=tuple(wrong),
    )


def _run(rig: Rig, url: str, seconds: float, *, first_id: int, one_id: bool = False) -> Outcome:
    return send(
        rig.load(url, seconds=seconds, connections=_CONNECTIONS, first_id=first_id, one_id=one_id)
    )


def _ok(outcome: Outcome, wrong: list[str]) -> int:
    others = {status: n for status, n in outcome.statuses.items() if status != 200}  # noqa: PLR2004
    if others:
        wrong.append(f"answers other than 200: {others}")
    return outcome.statuses.get(200, 0)


def _per_second(outcome: Outcome, wrong: list[str]) -> float:
    return _ok(outcome, wrong) / outcome.seconds


def _ratio(
    name: str, figures: list[float], floor: list[float], *, at_least: float | None = None
) -> Figure:
    ratios = [figure / below for figure, below in zip(figures, floor, strict=True)]
    return of_rounds(name, ratios, "x", at_least=at_least)


def _stored(rig: Rig) -> int:
    with psycopg.connect(rig.database_url) as connection:
        row = connection.execute("select count(*) from event").fetchone()
    return int(row[0]) if row else 0
