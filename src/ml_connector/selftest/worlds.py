"""Plays a sample of worlds, several at a time, on one throw-away PostgreSQL."""

import contextlib
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import sql
from psycopg.conninfo import make_conninfo

from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import database_server
from ml_connector.app.installation.throwaway import clear, cleared_if_killed
from ml_connector.config.settings import Settings
from ml_connector.selftest.playing import Outcome, Played, play
from ml_connector.selftest.sampling import Sample, sample
from ml_connector.sim.readings import SWITCHES
from ml_connector.storage.connection_string import parameters
from ml_connector.storage.schema import connect
from ml_connector.vault.masterkey import KEY_FILE_NAME

AT_ONCE: Final = 10
"""Worlds that are played side by side: each spends most of its time waiting."""


@dataclass(frozen=True, kw_only=True)
class WorldResult:
    """A world of the sample, and how the story ended in it."""

    sample: Sample
    played: Played


Told = Callable[[WorldResult], None]
"""Is told of each world when it is over."""


def counts(results: Sequence[WorldResult]) -> dict[Outcome, int]:
    """Return how many worlds ended in each way."""
    found = Counter(one.played.outcome for one in results)
    return {
        "right": found["right"],
        "stopped": found["stopped"],
        "alarm": found["alarm"],
        "silent": found["silent"],
        "bug": found["bug"],
    }


def run(settings: Settings, *, count: int, seed: int, told: Told) -> list[WorldResult]:
    """Play so many worlds; return them in the order of the sample.

    Args:
        settings: say where the data folder is; a folder in it is used, and removed.
        count: how many worlds.
        seed: of the sample; the same seed plays the same worlds.
        told: is told of each.

    Raises:
        UserError: the throw-away installation can't be made.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="selftest-", dir=settings.data_dir))
    with cleared_if_killed(folder, remove=True):
        try:
            own = settings.of_its_own_in(folder)
            setup.initialise(own)
            with database_server(own) as server:
                made = own.model_copy(update={"database_url": server.owner_url})
                return play_all(made, sample(SWITCHES, count, seed=seed), told=told)
        finally:
            clear(folder)


def play_all(settings: Settings, samples: Sequence[Sample], *, told: Told) -> list[WorldResult]:
    """Play these worlds on the database server of an installation that nobody uses.

    Args:
        settings: of the installation; its database, which is migrated, is the model of theirs.
        samples: the worlds.
        told: is told of each as soon as it is over, in the thread of whoever calls.
    """

    def one(sample: Sample) -> WorldResult:
        with _database(settings) as own:
            return WorldResult(sample=sample, played=play(own, sample.readings, seed=sample.seed))

    results = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="world") as threads:
        for ended in as_completed([threads.submit(one, each) for each in samples]):
            results.append(ended.result())
            told(results[-1])
    return sorted(results, key=lambda result: result.sample.number)


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Settings]:
    """Give settings of an installation whose database is a copy of this one's."""
    model = parameters(settings.database_url or "")
    name = f"world_{secrets.token_hex(6)}"
    own, template = sql.Identifier(name), sql.Identifier(str(model["dbname"]))
    folder = settings.data_dir / name
    with connect(make_conninfo(**{**model, "dbname": "postgres"})) as server:
        server.autocommit = True
        server.execute(sql.SQL("create database {} template {}").format(own, template))
        try:
            folder.mkdir(mode=0o700)
            yield settings.model_copy(
                update={
                    "data_dir": folder,
                    "database_url": make_conninfo(**{**model, "dbname": name}),
                    "master_key_file": settings.master_key_file
                    or settings.data_dir / KEY_FILE_NAME,
                }
            )
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(own))
