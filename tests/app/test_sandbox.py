"""Where a sandbox is, and where none is: it acts on loopback only."""

from pathlib import Path

import pytest

from ml_connector.app.sandbox.acts import ACTS, perform
from ml_connector.app.sandbox.place import Sandbox, StorySoFar, of_this_process
from ml_connector.app.sandbox.telling import Telling

HERE = "http://127.0.0.1:9100"


def sandbox(story: Path, **urls: str) -> Sandbox:
    return Sandbox(**{"netsuite": HERE, "shipbob": HERE, **urls}, story=str(story))


@pytest.mark.parametrize(
    ("urls", "is_one"),
    [
        ({}, True),
        ({"netsuite": "http://[::1]:9100"}, True),
        ({"netsuite": "https://tstdrv1.suitetalk.api.netsuite.com"}, False),
        ({"shipbob": "http://10.0.0.7:9200"}, False),
        ({"shipbob": "http://127.0.0.1.example.com"}, False),
        ({"shipbob": "file:///127.0.0.1"}, False),
    ],
)
def test_only_what_is_on_loopback_is_a_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, urls: dict[str, str], *, is_one: bool
) -> None:
    for name, value in sandbox(tmp_path / "s", **urls).environment().items():
        monkeypatch.setenv(name, value)

    assert (of_this_process() is not None) is is_one


@pytest.mark.parametrize("told", ["", "yes", "{}"])
def test_a_process_of_another_kind_has_none(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("MLC_INTERNAL_SANDBOX", told)

    assert of_this_process() is None


def test_the_page_reads_what_the_story_tells(tmp_path: Path) -> None:
    place, lines = sandbox(tmp_path / "story.json"), []
    telling = Telling(place, lambda kind, text: lines.append((kind, text)), pause_seconds=0)
    before = place.so_far()
    telling.begins_step("A box arrives")
    telling.waits(["parked: NetSuite has no item X"])
    during = place.so_far()
    telling.is_over()
    telling.is_proved(holds=True, months=["2026-11"])

    assert before == StorySoFar()
    assert during.waits == ("parked: NetSuite has no item X",)
    assert place.so_far() == StorySoFar(
        state="green", steps=("A box arrives",), months=("2026-11",)
    )
    assert lines == [("step", "1. A box arrives"), ("waits", "parked: NetSuite has no item X")]


def test_each_act_has_its_words_once() -> None:
    assert len({one.name for one in ACTS}) == len({one.title for one in ACTS}) == len(ACTS)
    assert callable(perform)
