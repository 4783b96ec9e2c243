"""Worlds: the tables of switches, the readings of a world, and the file that chooses one."""

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from ml_connector.sim.readings import (
    SWITCHES,
    Readings,
    Switch,
    WorldFileError,
    of_system,
    read_world_file,
)
from ml_connector.sim.readings.shipbob_webhooks import WEBHOOK_BODY
from ml_connector.sim.world import world
from ml_connector.words import System

OPEN = Switch[str](
    name="open",
    system="shipbob",
    about="The door",
    readings={"shut": "is shut", "ajar": "is ajar"},
    default="shut",
    reference="shipbob.md 12",
)


def test_each_name_stands_once() -> None:
    names = Counter(one.name for one in SWITCHES)

    assert [name for name, count in names.items() if count > 1] == []


def test_every_switch_belongs_to_one_system() -> None:
    listed = [switch for system in get_args(System) for switch in of_system(system)]

    assert len(listed) == len(SWITCHES)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_a_switch_says_each_reading_in_a_sentence_and_where_it_is_open(
    switch: Switch[str],
) -> None:
    assert switch.reference.split()[0] in {"netsuite.md", "shipbob.md"}
    assert next(iter(switch.readings)) == switch.default
    for reading in switch.readings:
        sentence = switch.sentence(reading)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not sentence.endswith("..")


def test_a_switch_has_something_to_choose_from() -> None:
    with pytest.raises(ValueError, match="at least two readings"):
        Switch[str](
            name="one",
            system="netsuite",
            about="It",
            readings={"only": "is"},
            default="only",
            reference="netsuite.md 1",
        )


def test_what_is_not_chosen_is_as_usual() -> None:
    assert Readings()[OPEN] == "shut"
    assert Readings({OPEN: "ajar"})[OPEN] == "ajar"


def test_worlds_are_equal_where_all_readings_are() -> None:
    assert Readings({OPEN: "shut"}) == Readings()
    assert hash(Readings({OPEN: "ajar"})) == hash(Readings().having([(OPEN, "ajar")]))
    assert Readings({OPEN: "ajar"}) != Readings()


def test_a_reading_that_a_switch_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="open has no reading 'wide'"):
        Readings({OPEN: "wide"})


def test_a_world_tells_what_is_not_as_usual() -> None:
    assert Readings({OPEN: "ajar"}).sentences() == [
        'open = "ajar": The door is ajar. (shipbob.md 12)'
    ]


def test_a_file_chooses_a_world(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text('[world]\nwebhook_body = "envelope"\n')

    assert read_world_file(path) == Readings({WEBHOOK_BODY: "envelope"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[world]\nwebhook_bodies = "bare"',
            'no switch "webhook_bodies" (the nearest is "webhook_body")',
        ),
        (
            '[world]\nwebhook_body = "envelop"',
            'webhook_body can\'t be \'envelop\' (the nearest is "envelope"); known: "bare",',
        ),
        ("[world]\nwebhook_body = true", "webhook_body can't be True"),
        ('[words]\nwebhook_body = "bare"', '"words" is unknown'),
        ("", "there is no table [world]"),
        ("[world", "end of a table declaration"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_what_is_near(
    tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "world.toml"
    path.write_text(text)

    with pytest.raises(WorldFileError) as raised:
        read_world_file(path)

    assert str(path) in str(raised.value)
    assert says in str(raised.value)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError, match="No such file"):
        read_world_file(tmp_path / "none.toml")


def test_both_simulators_take_the_world() -> None:
    readings = Readings({WEBHOOK_BODY: "envelope"})

    with world(readings=readings) as both:
        assert both.netsuite.company.readings == readings
        assert both.shipbob.announcer.variant == "envelope"
