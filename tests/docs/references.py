"""The references on the two systems: their sections, what is uncertain in them, who cites them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docs.sources import PACKAGE

NAMES = {"NetSuite": "netsuite.md", "ShipBob": "shipbob.md"}
UNCERTAIN_MARKS = {"NetSuite": "IMLB", "ShipBob": "I"}
"""Inferred, general knowledge, one live account, one source. The letters differ by reference."""

ITEMS = {"NetSuite": ("15", "16"), "ShipBob": ("1", "10", "13")}
"""Chapters that are lists, whose items are cited like sections."""

OPEN_CHAPTERS = {"NetSuite": ("15",), "ShipBob": ("12", "13")}
"""Chapters in which everything is open, or marked with no kind of evidence."""

DOUBTFUL = re.compile(
    r"not documented|not stated|presumably|disagree|contested|rules unknown|doubtful",
    re.IGNORECASE,
)
_HEAD = re.compile(r"#+ (\d+(?:\.\d+)?)\.? |(\d+\.\d+) ")
_MARK = re.compile(r"\[([^\]\[]+)\]")


def marked(system: str, text: str) -> dict[str, str]:
    """Return the uncertain marks of each section of a reference; empty for none."""
    marks: dict[str, set[str]] = {}
    chapter, section = "", ""
    for line in text[text.index("\n## ") :].splitlines():
        head = _HEAD.match(line)
        if head:
            section = head[1] or head[2]
            chapter = section.partition(".")[0]
        item = re.match(r"(\d+)\. ", line)
        if item and chapter in ITEMS[system]:
            section = f"{chapter}.{item[1]}"
        is_item = section != chapter or chapter not in ITEMS[system]
        if section:
            found = _marks(system, chapter, line) if is_item else ()
            marks.setdefault(section, set()).update(found)
    return {section: "".join(sorted(found)) for section, found in marks.items()}


def _marks(system: str, chapter: str, line: str) -> Iterator[str]:
    for inside in _MARK.findall(line):
        if re.match(r"[A-Z]\b", inside):
            yield from (
                mark for mark in UNCERTAIN_MARKS[system] if re.search(rf"\b{mark}\b", inside)
            )
    if chapter in OPEN_CHAPTERS[system] or DOUBTFUL.search(line):
        yield "?"


class Citation(NamedTuple):
    """A section that a text cites."""

    system: str
    section: str


_NUMBERS = r"\d+(?:\.\d+)*(?:(?:,? and |, | to )(?:section )?\d+(?:\.\d+)*)*"
_CITED = re.compile(
    rf"(?P<system>netsuite|shipbob)(?:\.md| reference),?(?: (?P<bare>{_NUMBERS}))?"
    rf"|\bsections? (?P<numbers>{_NUMBERS})",
    re.IGNORECASE,
)


def citations(text: str, system: str = "") -> Iterator[Citation]:
    """Yield what a text cites: the reference that it named last, else that of its folder."""
    for found in _CITED.finditer(re.sub(r"\s+(?:# )?", " ", text)):
        if found["system"]:
            system = "NetSuite" if found["system"].lower() == "netsuite" else "ShipBob"
        numbers = found["bare"] or found["numbers"]
        if numbers and system:
            yield from (
                Citation(system, section) for section in re.findall(r"\d+(?:\.\d+)*", numbers)
            )


def cited_in(path: Path) -> Iterator[Citation]:
    """Yield what a module cites."""
    room = path.relative_to(PACKAGE).parts[0]
    system = {"netsuite": "NetSuite", "shipbob": "ShipBob"}.get(room, "")
    yield from citations(path.read_text("utf-8"), system)


def modules() -> Iterator[Path]:
    """Yield the modules that lean on the references; the simulators play them and need not."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in {"sim", "bench"}:
            yield path
