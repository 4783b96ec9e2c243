"""The condensed story, played in worlds drawn from all switches."""

import os
import threading
from pathlib import Path

import pytest

from ml_connector.app.installation import setup
from ml_connector.config.settings import Settings
from ml_connector.selftest.sampling import Sample, sample
from ml_connector.selftest.worlds import WorldResult, play_all
from ml_connector.sim.readings import SWITCHES, Readings
from ml_connector.sim.readings.netsuite import EXTERNAL_ID_IN_TRANSFORM
from ml_connector.sim.readings.shipbob_values import ID_TYPE

SEED = int(os.environ.get("MLC_TEST_SEED", "3"))
WORLDS = int(os.environ.get("MLC_TEST_WORLDS", "8"))


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """An installation whose database is the model of those that the worlds get."""
    bare = Settings(data_dir=tmp_path / "data")
    made = bare.model_copy(update={"database_url": database_url})
    setup.initialise(made)
    return made


def said(result: WorldResult) -> str:
    played = result.played
    return (
        f"{played.outcome} in {played.readings.as_named()}: {played.broke}"
        f" {[fault.what for fault in played.told_nobody]} {list(played.stops)} {played.month}"
    )


IDS_IGNORED = Readings({EXTERNAL_ID_IN_TRANSFORM: "ignored"})
LETTERS = Readings({ID_TYPE: "lettered"})
"""Where nothing of ShipBob's can be read, stock was said to be gone."""


def test_the_books_are_right_in_every_world_or_it_is_said_why_not(settings: Settings) -> None:
    drawn = sample(SWITCHES, WORLDS, seed=SEED)
    fixed = [
        Sample(number=number, kind="single", readings=readings)
        for number, readings in enumerate((IDS_IGNORED, LETTERS), len(drawn) + 1)
    ]
    threads = []

    def told(_: WorldResult) -> None:
        threads.append(threading.current_thread())

    *results, ignored, letters = play_all(settings, [*drawn, *fixed], told=told)
    stock = {stop.cause for stop in letters.played.stops if stop.flow == "inventory"}

    assert results[0].played.outcome == "right", said(results[0])
    assert [said(one) for one in (*results, ignored, letters) if not one.played.holds] == []
    assert ignored.played.outcome == "right", said(ignored)
    assert stock == {"event_unreadable"}
    assert threads == [threading.current_thread()] * (
        len(drawn) + len(fixed)
    )  # who prints them is there
