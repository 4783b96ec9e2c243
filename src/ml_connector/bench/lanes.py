"""Fair lanes: what others' webhooks wait while one connection has a backlog, and one no access."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

import psycopg

from ml_connector.app.installation.installation import open_installation
from ml_connector.bench.figures import Figure, Measured, of_rounds, percentile
from ml_connector.bench.load import Load
from ml_connector.bench.rig import Rig, apply, send
from ml_connector.bench.upstream import REFUSED_TOKEN
from ml_connector.bench.writes import waits
from ml_connector.engine.inbox.intake import take_in
from ml_connector.flows import receiving
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.sim.world import new_certificate

CONNECTIONS: Final = 20
BACKLOG: Final = 50_000
MOST_RATIO: Final = 1.5
PER_SECOND: Final = 9.0
"""Of the webhooks of all others together: each keeps within its limits, the usual ones."""

_BACKLOG: Final = "backlog"
_REFUSED: Final = "refused"
_OTHERS: Final = tuple(f"other-{number:02}" for number in range(1, CONNECTIONS - 1))
_APART: Final = 10_000_000
_WARM_SECONDS: Final = 5.0
_TOPIC: Final = "wro.completed"
_AT_ONCE: Final = 1_000
_LANE_SECONDS: Final = 8.0
"""A worker begins or ends a lane within that time."""


def lanes(rig: Rig, systems_url: str, *, seconds: float, rounds: int, quick: bool) -> Measured:
    """Measure the time from webhook to write of 18 connections, alone and beside two others.

    One of those has a backlog of 50,000 events that is being worked off, the other a token that
    ShipBob refuses, and events all the same. The floor is what the 18 wait while these two are
    paused, in turn with what they wait beside them, so that both see the same machine. All have
    the usual limits, and both systems answer at once.

    Args:
        rig: what it runs on.
        systems_url: of the canned systems.
        seconds: of all rounds together, alone and beside the two.
        rounds: number of parts.
        quick: a tenth of the backlog.
    """
    _connect(rig, systems_url)
    wrong: list[str] = []
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    worked_off: list[float] = []
    backlog = BACKLOG // 10 if quick else BACKLOG
    each = seconds / rounds / 2
    with rig.without_worker() as (_, url), ThreadPoolExecutor(1) as apart:
        _fill(rig, backlog)
        _pause(rig, pause=True)
        with rig.worker():
            waits(_load(rig, url, _WARM_SECONDS, 1), systems_url, wrong)
            for number in range(1, rounds + 1):
                alone.append(waits(_load(rig, url, each, number * _APART), systems_url, wrong))
                _pause(rig, pause=False)
                refused = apart.submit(send, _refused(rig, url, each, number))
                left = _left(rig)
                load = _load(rig, url, each, (number + rounds) * _APART)
                beside.append(waits(load, systems_url, wrong))
                worked_off.append((left - _left(rig)) / each)
                refused.result()
                _pause(rig, pause=True)
    if not _left(rig):
        wrong.append("the backlog was worked off before the end")
    return Measured(
        name="lanes",
        about=f"webhook to write of {len(_OTHERS)} connections beside a backlog of {backlog:,}",
        figures=(
            of_rounds("p50", _ms(beside, 0.5), "ms"),
            of_rounds("p99", _ms(beside, 0.99), "ms"),
            of_rounds("floor p50: alone", _ms(alone, 0.5), "ms"),
            of_rounds("floor p99: alone", _ms(alone, 0.99), "ms"),
            Figure(
                name="ratio of p99, all rounds together",
                value=_p99_ms(beside) / _p99_ms(alone),
                unit="x",
                at_most=MOST_RATIO,
            ),
            of_rounds("backlog worked off", worked_off, "/s"),
        ),
        wrong=tuple(wrong),
    )


def _pause(rig: Rig, *, pause: bool) -> None:
    """Pause the two, or resume them, and wait until the worker has done so."""
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        connection.execute(
            "update connection set paused = %s where name = any (%s)",
            [pause, [_BACKLOG, _REFUSED]],
        )
    time.sleep(_LANE_SECONDS)


def _load(rig: Rig, url: str, seconds: float, first_id: int) -> Load:
    paths = tuple(map(_path, _OTHERS))
    return rig.load(
        url,
        path=paths[0],
        more_paths=paths[1:],
        seconds=seconds,
        per_second=PER_SECOND,
        poisson=True,
        topic=_TOPIC,
        first_id=first_id,
        seed=first_id,
    )


def _refused(rig: Rig, url: str, seconds: float, number: int) -> Load:
    return rig.load(
        url,
        path=_path(_REFUSED),
        seconds=seconds,
        connections=1,  # one that is idle for long would be closed
        per_second=1.0,
        first_id=(900 + number) * _APART,
    )


def _fill(rig: Rig, backlog: int) -> None:
    """Put a backlog into the inbox, as its webhooks would have."""
    first = 800 * _APART
    arrivals = (
        Arrival(
            connection=_BACKLOG,
            source="webhook",
            delivery_id=f"backlog {number}",
            topic=_TOPIC,
            subject=SubjectRef(_BACKLOG, receiving.FLOW.name, str(first + number)),
        )
        for number in range(backlog)
    )

    async def fill() -> None:
        async with open_installation(rig.settings) as installation:
            while some := list(islice(arrivals, _AT_ONCE)):
                async with installation.database.transaction() as connection:
                    await take_in(connection, installation.lanes, some)

    asyncio.run(fill())


def _left(rig: Rig) -> int:
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        [found] = connection.execute(
            "select count(*) from subject where connection = %s and state <> 'done'", [_BACKLOG]
        )
        return int(found[0])


def _connect(rig: Rig, systems_url: str) -> None:
    """Connect 20 pairs of accounts; that they are apart is not asked of the canned systems."""
    private_key, _ = new_certificate("bench")
    names = (*_OTHERS, _BACKLOG, _REFUSED)
    apply(
        rig.settings,
        *(
            f'name = "{name}"\nmode = "dry-run"\nstart_date = 2026-11-01\n'
            f'[netsuite]\naccount_id = "BENCH{number}"\nbase_url = "{systems_url}"\n'
            f'restlets_url = "{systems_url}"\nclient_id = "bench"\ncertificate_id = "bench"\n'
            f'private_key = """{private_key}"""\n'
            f'[shipbob]\napi_url = "{systems_url}"\nauth_url = "{systems_url}"\n'
            f'channel_id = {number}\ntoken = "{REFUSED_TOKEN if name == _REFUSED else number}"\n'
            f'webhook_secrets = ["{rig.webhook_secret.reveal()}"]\n'
            '[locations]\n"228" = "6"\n[accounts]\ninventory_adjustment = "54"\n'
            for number, name in enumerate(names, start=2)
        ),
    )
    with psycopg.connect(rig.database_url, autocommit=True) as connection:
        for number, name in enumerate(names, start=2):
            connection.execute(
                "update connection set mode = 'live', channels = %s where name = %s",
                [[number], name],
            )


def _path(name: str) -> str:
    return f"/webhooks/shipbob/{name}"


def _ms(rounds: list[list[float]], share: float) -> list[float]:
    return [percentile(values, share) * 1000 for values in rounds if values]


def _p99_ms(rounds: list[list[float]]) -> float:
    return percentile([one for values in rounds for one in values], 0.99) * 1000
