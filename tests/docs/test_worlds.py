"""The page of worlds is made of the tables of switches."""

import pytest

from docs import pages
from docs.pages import ROOT
from ml_connector.sim.readings import of_system
from ml_connector.words import System

PAGE = ROOT / "docs" / "reference" / "worlds.md"
HEAD = "| switch | reading | how it is | reference |\n|---|---|---|---|\n"
TITLES: dict[str, System] = {"NetSuite": "netsuite", "ShipBob": "shipbob"}


def table(system: System) -> str:
    return HEAD + "".join(
        f"| {f'`{switch.name}`' if number == 0 else ''} | `{reading}` |"
        f" {switch.sentence(reading)} | {switch.reference if number == 0 else ''} |\n"
        for switch in of_system(system)
        for number, reading in enumerate(switch.readings)
    )


@pytest.mark.parametrize("title", TITLES)
def test_the_page_of_worlds_is_made_of_the_tables(
    title: str, request: pytest.FixtureRequest
) -> None:
    text = PAGE.read_text("utf-8")
    begins = text.index(HEAD, text.index(f"## {title}\n"))
    ends = (text + "\n").find("\n\n", begins) + 1
    made = table(TITLES[title])
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text[:begins] + made + text[ends:], "utf-8")
        return

    assert text[begins:ends] == made


def test_the_page_has_a_section_for_each_system() -> None:
    assert set(TITLES) <= set(pages.sections("docs/reference/worlds.md"))
