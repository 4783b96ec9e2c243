"""Fair lanes: what others' webhooks wait while one connection has a backlog, and one no access."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg

from ml_connector.bench.figures import Figure, Measured, of_rounds, percentile
from ml_connector.bench.load import Load
from ml_connector.bench.rig import Rig, apply, send
from ml_connector.bench.upstream import REFUSED_TOKEN
from ml_connector.bench.writes import waits
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
_FILL_SECONDS: Final = 280.0


def lanes(rig: Rig, systems_url: str, *, seconds: float, rounds: int, quick: bool) -> Measured:
    """Measure the time from webhook to write of 18 connections, alone and beside two others.

    One of those has a backlog of 50,000 events that is being worked off, the other a token that
    ShipBob refuses, and events all the same. The floor is what the 18 wait alone. All have the
    usual limits; both systems answer at once, so it is the worker that there is too little of.

    Args:
        rig: what it runs on.
        systems_url: of the canned systems.
        seconds: of all rounds together, alone and beside the two.
        rounds: number of parts.
        quick: a tenth of the backlog.
    """
    _connect(rig, systems_url)
    wrong: list[str] = []
    backlog = BACKLOG // 10 if quick else BACKLOG
    each = seconds / rounds / 2
    with rig.without_worker() as (_, url), ThreadPoolExecutor(1) as apart:

        def measured(number: int) -> list[float]:
            return waits(_load(rig, url, each, number * _APART), systems_url, wrong)

        with rig.worker():
            waits(_load(rig, url, _WARM_SECONDS, 1), systems_url, wrong)
            alone = [measured(number) for number in range(1, rounds + 1)]
        _fill(rig, url, backlog, wrong)
        with rig.worker():
            waits(_load(rig, url, _WARM_SECONDS, 500_000), systems_url, wrong)
            refused = apart.submit(send, _refused(rig, url, seconds / 2))
            before = _left(rig)
            beside = [measured(number) for number in range(rounds + 1, 2 * rounds + 1)]
            left = _left(rig)
            refused.result()
    if not left:
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
                name="ratio of p99",
                value=_all_ms(beside) / _all_ms(alone),
                unit="x",
                at_most=MOST_RATIO,
            ),
            Figure(name="backlog worked off", value=(before - left) / (seconds / 2), unit="/s"),
        ),
        wrong=tuple(wrong),
    )


def _load(rig: Rig, url: str, seconds: float, first_id: int) -> Load:
    paths = tuple(map(_path, _OTHERS))
    return rig.load(
        url,
        path=paths[0],
        more_paths=paths[1:],
        seconds=seconds,
        per_second=PER_SECOND,
        poisson=True,
        topic="wro.completed",
        first_id=first_id,
        seed=first_id,
    )


def _refused(rig: Rig, url: str, seconds: float) -> Load:
    return rig.load(
        url,
        path=_path(_REFUSED),
        seconds=seconds,
        connections=1,  # one that is idle for long would be closed
        per_second=1.0,
        first_id=900 * _APART,
    )


def _fill(rig: Rig, url: str, backlog: int, wrong: list[str]) -> None:
    """Let a backlog come in while nobody works."""
    first = 800 * _APART
    load = rig.load(
        url, path=_path(_BACKLOG), seconds=_FILL_SECONDS, ids=tuple(range(first, first + backlog))
    )
    answered = send(load).statuses
    if answered != {200: backlog}:
        wrong.append(f"the backlog came in with {answered}")


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


def _all_ms(rounds: list[list[float]]) -> float:
    return percentile([one for values in rounds for one in values], 0.99) * 1000
