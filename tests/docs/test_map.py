"""What the pages say about the house: its folders, its modules, its words."""

import re
import tomllib
from pathlib import Path

import pytest

from docs import pages, shell, sources
from docs.pages import DOCS, ROOT
from docs.sources import PACKAGE

MODULE = re.compile(r"(?<![\w./-])(?:[a-z_]+/)+[a-z0-9_]+\.(?:py|sql)\b")
NOTE = re.compile(r"^\*Note, \d{4}-\d\d-\d\d: .+\*$", re.MULTILINE)
ALL = [pytest.param(page, id=pages.name(page)) for page in (*pages.pages(), *pages.templates())]


def missing(text: str) -> set[str]:
    """The modules that a text names, by their path or a part of it, and that are not there."""
    return {
        path
        for path in MODULE.findall(text)
        if not any((folder / path).is_file() for folder in (ROOT, PACKAGE, PACKAGE / "storage"))
    }


@pytest.mark.parametrize("page", ALL)
def test_modules_that_are_named_exist_or_a_note_says_where_they_went(page: Path) -> None:
    text = page.read_text("utf-8")
    notes = " ".join(NOTE.findall(text)) if page.is_relative_to(DOCS / "adr") else ""

    assert {path for path in missing(NOTE.sub("", text)) if f"`{path}`" not in notes} == set()


def folders() -> set[str]:
    """The product's folders, two deep; a flow is found in the table of flows."""
    found = [Path(folder).parts for folder in sources.folders()]
    return {
        "/".join(parts)
        for parts in found
        if len(parts) == 1 or (len(parts) == 2 and parts[0] != "flows")
    }


def drawn() -> list[str]:
    """The folders in the first picture of CONTRIBUTING, each on a line that says what it is."""
    block = pages.sections("CONTRIBUTING.md")["Layout"].split("```")[1]
    found: list[str] = []
    above: list[str] = []
    for indent, name in re.findall(r"^( {2,})([a-z_]+)/ +\S", block, re.MULTILINE):
        above = [*above[: len(indent) // 2 - 1], name]
        found.append("/".join(above))
    return found


def test_the_layout_has_a_line_for_every_folder_and_for_no_other() -> None:
    assert sorted(drawn()) == sorted(folders())


def test_the_layers_are_those_that_imports_are_held_to() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [layers] = [
        contract["layers"]
        for contract in declared["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    section = pages.sections("docs/explanation/architecture.md")["The layers"]
    described = [re.findall(r"`([a-z_]+)/`", cells[0]) for cells in pages.rows(section)]
    held = [re.findall(r"\.([a-z_]+)", layer) for layer in layers]
    folders_held = [[name for name in layer if (PACKAGE / name).is_dir()] for layer in held]

    assert list(filter(None, described)) == list(filter(None, folders_held))


def test_the_start_page_leads_to_every_page_but_single_decisions() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in pages.links(index)}

    assert {
        pages.name(page)
        for page in DOCS.rglob("*.md")
        if page != index and not page.name.startswith("0") and page not in linked
    } == set()


def test_the_glossary_has_each_word_once_in_the_order_of_the_alphabet() -> None:
    words = [cells[0] for cells in pages.rows(pages.text("docs/reference/glossary.md"))]

    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=pages.name(page)) for page in pages.templates()]
)
def test_a_template_names_commands_and_pages_as_they_are(page: Path) -> None:
    text = page.read_text("utf-8")
    wrong = [
        fault
        for code in re.findall(r"`(ml-connector [a-z][^`\n]*)`", text)
        for fault in shell.faults(code.split()[1:])
    ]

    assert wrong == []
    assert {
        name for name in re.findall(r"\b[A-Z_]+\.md\b", text) if not (ROOT / name).exists()
    } == set()
    assert page.name == "pull_request_template.md" or re.match(r"---\nname: .+\nabout: .+\n", text)
