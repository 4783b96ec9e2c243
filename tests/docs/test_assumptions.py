"""The register of assumptions: its pages are made of it, and what is uncertain stands in it."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import REFERENCE
from docs import pages, references
from docs.pages import DOCS, ROOT
from docs.sources import PACKAGE
from ml_connector.assumptions.register import (
    Assumption,
    ids_in,
    limitations,
    page,
    register,
    sections,
    uncovered,
)
from ml_connector.netsuite.questions import questions
from ml_connector.sim.readings.table import SWITCHES

LIMITATIONS = DOCS / "limitations.md"
PAGE = DOCS / "reference" / "assumptions.md"
SECTIONS = PACKAGE / "assumptions" / "sections.toml"
MADE = re.compile(r"(<!-- made of the register: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
UNDOCUMENTED = re.compile(
    r"not documented|\bundocumented\b|does(?:n't| not) document|bodies are not published",
    re.IGNORECASE,
)
AROUND = 3
"""Lines above and below in which the id of an uncertain statement stands."""

ENTRIES = [pytest.param(one, id=one.id) for one in register()]


def test_the_register_has_an_entry_for_each_number_and_none_is_missing() -> None:
    by_system = Counter(one.system for one in register())
    numbers = [one.id for one in register()]

    assert sum(by_system.values()) >= 60
    assert sorted(numbers) == [
        *(f"NS-{number:03}" for number in range(1, by_system["NetSuite"] + 1)),
        *(f"SB-{number:03}" for number in range(1, by_system["ShipBob"] + 1)),
    ]


@pytest.mark.parametrize("one", ENTRIES)
def test_an_entry_says_all_that_it_must(one: Assumption) -> None:
    texts = (one.fact, one.assumed, one.if_wrong, one.guard)

    assert all(text.endswith(".") for text in texts)
    assert one.evidence
    assert one.sections
    assert one.look.endswith(".") or one.trial
    assert (
        not one.trial or "mlc-trial" in one.trial or "NS-" in one.trial or "sandbox" in one.trial
    )


@pytest.mark.parametrize("one", ENTRIES)
def test_what_guards_an_entry_exists_and_leans_on_it(one: Assumption) -> None:
    places = [guard for guard in one.guards if not guard.startswith("setting: ")]
    modules = [PACKAGE / guard for guard in places if not guard.startswith("tests/")]
    tests = [ROOT / guard for guard in places if guard.startswith("tests/")]

    assert [path for path in (*modules, *tests) if not path.exists()] == []
    assert tests
    assert any(leans_on(path, one) for path in modules)


def leans_on(path: Path, one: Assumption) -> bool:
    """Whether a module cites the entry itself, or one of its sections."""
    chapters = {section.partition(".")[0] for section in one.sections}
    return one.id in path.read_text("utf-8") or any(
        cited.system == one.system and cited.section in {*one.sections, *chapters}
        for cited in references.cited_in(path)
    )


CHECK = re.compile(r"checks? (?:named )?\*([^*]+)\*")


def test_checks_of_ping_that_are_named_are_there() -> None:
    texts = [one.look for one in register()]
    named = {name for text in texts for name in CHECK.findall(text)}
    asked = {f"query {one.about}" for one in questions(frozenset(), ["tranid"])}
    sources = [*(PACKAGE / "app" / "ping").glob("*.py"), PACKAGE / "app/connections/ids.py"]
    source = "".join(path.read_text("utf-8") for path in sources)
    families = {"query", "permission"}

    assert {name for name in named - asked - families if f'"{name}"' not in source} == set()


def test_each_switch_of_the_simulators_plays_an_entry_of_its_system() -> None:
    played = {(world, one.system.lower()) for one in register() for world in one.worlds}

    assert played == {(switch.name, switch.system) for switch in SWITCHES}


def test_settings_that_guard_an_entry_are_documented() -> None:
    text = pages.text("docs/reference/connection-file.md")
    settings = {
        guard.removeprefix("setting: ").rpartition(".")[2]
        for one in register()
        for guard in one.guards
        if guard.startswith("setting: ")
    }

    assert {name for name in settings if name not in text} == set()


@pytest.mark.parametrize("system", references.NAMES)
def test_the_sections_are_those_of_the_reference(
    system: str, request: pytest.FixtureRequest
) -> None:
    path = REFERENCE / references.NAMES[system]
    if not path.is_file():
        pytest.skip("the reference is not beside this checkout")
    marks = references.marked(system, path.read_text("utf-8"))
    certain = tuple(section for section, found in marks.items() if not found)
    uncertain = {section: found for section, found in marks.items() if found}
    if request.config.getoption("--update-golden"):
        write_sections(system, certain, uncertain)
        return

    assert sections()[system].certain == certain
    assert sections()[system].uncertain == uncertain


def write_sections(system: str, certain: tuple[str, ...], uncertain: dict[str, str]) -> None:
    """Write the sections of a reference, and keep what is set aside and why."""
    text = SECTIONS.read_text("utf-8")
    kept = tomllib.loads(text)
    kept[system] = {**kept.get(system, {}), "certain": certain, "uncertain": uncertain}
    comment = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    SECTIONS.write_text(comment + "".join(as_toml(name, kept[name]) for name in sorted(kept)))


def as_toml(system: str, tables: dict[str, object]) -> str:
    rows = [f"\n[{system}]", f"certain = {list(map(str, tables['certain']))}".replace("'", '"')]  # type: ignore[call-overload]  # texts only
    for name in ("uncertain", "aside"):
        rows.append(f"\n[{system}.{name}]")
        found = tables.get(name, {})
        assert isinstance(found, dict)
        rows += [f'"{section}" = "{said}"' for section, said in found.items()]
    return "\n".join(rows) + "\n"


def cited() -> Iterator[tuple[str, references.Citation]]:
    for path in references.modules():
        for one in references.cited_in(path):
            yield path.relative_to(PACKAGE).as_posix(), one
    for page_path in pages.pages():
        for one in references.citations(page_path.read_text("utf-8")):
            yield pages.name(page_path), one


def test_every_uncertain_section_that_is_cited_stands_in_the_register() -> None:
    missing = {
        (where, gap)
        for where, one in cited()
        if one.system in references.NAMES
        for gap in uncovered(one.system, one.section)
    }

    assert missing == set()


def test_cited_sections_exist() -> None:
    known = {system: {*found.certain, *found.uncertain} for system, found in sections().items()}
    strange = {
        (where, one)
        for where, one in cited()
        if not any(
            section == one.section or section.startswith(f"{one.section}.")
            for section in known[one.system]
        )
    }

    assert strange == set()


def test_sections_of_entries_exist_and_what_is_set_aside_is_uncertain() -> None:
    for one in register():
        found = sections()[one.system]

        assert set(one.sections) <= {*found.certain, *found.uncertain}
    for found in sections().values():
        assert set(found.aside) <= set(found.uncertain)


def undocumented() -> Iterator[tuple[str, str]]:
    """Yield each place that says that something is not documented, with the lines around it."""
    for path in references.modules():
        lines = path.read_text("utf-8").splitlines()
        for number, (line, below) in enumerate(pairwise([*lines, ""])):
            found = UNDOCUMENTED.search(f"{line.rstrip()} {below.lstrip(' #')}")
            if found and found.start() <= len(line):
                around = lines[max(0, number - AROUND) : number + AROUND + 1]
                yield f"{path.relative_to(PACKAGE)}:{number + 1}", "\n".join(around)
    for page_path in pages.pages():
        if page_path not in {LIMITATIONS, PAGE} and "adr" not in page_path.parts:
            for line in filter(UNDOCUMENTED.search, pages.prose(page_path).splitlines()):
                yield f"{pages.name(page_path)}: {line[:60]}", line


def test_what_is_called_undocumented_names_its_entry() -> None:
    known = {one.id for one in register()}
    places = dict(undocumented())

    assert {where for where, around in places.items() if not ids_in(around) & known} == set()


def test_ids_that_are_named_exist() -> None:
    known = {one.id for one in register()}
    texts = [path.read_text("utf-8") for path in references.modules()]
    texts += [path.read_text("utf-8") for path in pages.pages()]

    assert {one for text in texts for one in ids_in(text)} <= known


def test_the_page_of_assumptions_is_made_of_the_register(request: pytest.FixtureRequest) -> None:
    held(PAGE, page, request)


def test_the_page_of_limitations_is_made_of_the_register(request: pytest.FixtureRequest) -> None:
    held(LIMITATIONS, limitations, request)

    headings = {found[1] for found in MADE.findall(LIMITATIONS.read_text("utf-8"))}
    assert headings == {one.limits for one in register() if one.limits}


def held(path: Path, made: object, request: pytest.FixtureRequest) -> None:
    """Hold the parts of a page that are made of the register, or write them anew."""
    assert callable(made)
    text = path.read_text("utf-8")
    wanted = MADE.sub(lambda found: found[1] + "\n" + made(found[2]) + "\n" + found[3], text)
    if request.config.getoption("--update-golden"):
        path.write_text(wanted, "utf-8")
        return

    assert text == wanted


def test_limitations_written_by_hand_name_the_entry_of_what_is_uncertain() -> None:
    by_hand = MADE.sub("", LIMITATIONS.read_text("utf-8"))
    head, _, rest = by_hand.partition("\n## ")

    assert "register" in head
    uncertain = filter(UNDOCUMENTED.search, rest.splitlines())
    assert [line[:70] for line in uncertain if not ids_in(line)] == []
