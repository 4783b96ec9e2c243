"""The register of assumptions: what could not be checked of the two systems, and what guards it.

The references on the two systems mark each statement with its kind of evidence. Whatever the code
leans on and is not certain there is an entry here; the pages on assumptions and on limitations are
made of it. Texts are Markdown, their links relative to ``docs/``. A docstring or comment that says
that something is not documented names its entry by its id, such as NS-031.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

Evidence = Literal[
    "documented",
    "official file",
    "vendor sample",
    "decoded",
    "seen live",
    "integrators",
    "one source",
    "inferred",
    "general knowledge",
    "contradictory",
    "open question",
]
"""Kinds of evidence, the best first. *Integrators* are public clients and notes; *seen live* is
one account of one of them; *open question* is what no source tells."""

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "NetSuite": ("netsuite_access", "netsuite_queries", "netsuite_documents"),
    "ShipBob": ("shipbob_access", "shipbob_books"),
}
"""The files of the register, by the system that they are about."""

_ID: Final = re.compile(r"\b(?:NS|SB)-\d{3}\b")
_LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_OWN_PAGE: Final = "reference/assumptions.md"


class Assumption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that could not be checked.

    Attributes:
        id: NS for NetSuite, SB for ShipBob, and a number; never used again for another thing.
        name: a few words.
        sections: of the system's reference that speak of it.
        evidence: what kinds there are.
        fact: what is uncertain, in a sentence.
        assumed: what this software takes for true, or does so that it does not matter.
        if_wrong: what happens where it is otherwise.
        guard: what keeps the books right then.
        guards: modules of the package, tests, and settings (``setting: policies.over_receipt``).
        look: how it is checked by reading only; empty where reading does not tell.
        trial: how it is checked with a record that is marked ``mlc-trial`` and taken away again;
            empty where reading tells.
        worlds: switches of the simulators with which it is played.
        limits: the heading of the page of limitations under which it stands; empty for none.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^(NS|SB)-\d{3}$")]
    name: str
    sections: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    fact: str
    assumed: str
    if_wrong: str
    guard: str
    guards: tuple[str, ...]
    look: str
    trial: str
    worlds: tuple[str, ...] = ()
    limits: str = ""

    @property
    def system(self) -> str:
        """The system that it is about."""
        return "NetSuite" if self.id.startswith("NS") else "ShipBob"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    assumption: tuple[Assumption, ...]


class ReferenceSections(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sections of a system's reference.

    Attributes:
        certain: those that mark nothing as uncertain.
        uncertain: the marks of the others.
        aside: those of which no entry is needed, and why.
    """

    certain: tuple[str, ...]
    uncertain: dict[str, str]
    aside: dict[str, str]


class Uncovered(NamedTuple):
    """An uncertain section that no entry speaks of."""

    system: str
    section: str


@cache
def register() -> tuple[Assumption, ...]:
    """Return all entries, in the order of their pages."""
    return tuple(
        entry
        for names in FILES.values()
        for name in names
        for entry in msgspec.toml.decode(_read(name), type=_File).assumption
    )


@cache
def sections() -> dict[str, ReferenceSections]:
    """Return the sections of both references, by system."""
    return msgspec.toml.decode(_read("sections"), type=dict[str, ReferenceSections])


def uncovered(system: str, cited: str) -> Iterator[Uncovered]:
    """Yield what is uncertain in a cited section or its parts, and is neither entry nor aside."""
    known = sections()[system]
    covered = {one for entry in register() if entry.system == system for one in entry.sections}
    for section in known.uncertain:
        is_part = section == cited or section.startswith(f"{cited}.")
        if is_part and section not in covered and section not in known.aside:
            yield Uncovered(system, section)


def ids_in(text: str) -> set[str]:
    """Return the ids of entries that a text names."""
    return set(_ID.findall(text))


def limitations(heading: str) -> str:
    """Return the points of the page of limitations under one of its headings."""
    return "".join(
        f"- **{one.name}.** {one.fact} *Assumed*: {one.assumed}{_otherwise(one)}\n"
        for one in register()
        if one.limits == heading
    )


def page(system: str) -> str:
    """Return the part of the page of assumptions that is about one system."""
    return "".join(_entry(one) for one in register() if one.system == system)


def _entry(one: Assumption) -> str:
    rows = (
        ("What is uncertain", one.fact),
        ("Evidence", f"{', '.join(one.evidence)} (reference, {_named(one.sections)})"),
        ("What we assume", one.assumed),
        ("If it is otherwise", one.if_wrong),
        ("Guard", f"{one.guard} {', '.join(f'`{guard}`' for guard in one.guards)}"),
        ("Checked by reading", one.look or "Reading does not tell."),
        ("Checked with a record", one.trial or "None is needed."),
        ("Played in", ", ".join(f"`{world}`" for world in one.worlds) or "no world"),
    )
    told = "".join(f"- *{head}*: {_from_reference(text)}\n" for head, text in rows)
    return f"### {one.id}\n\n**{one.name}**\n\n{told}\n"


def _named(numbers: Sequence[str]) -> str:
    return ("section " if len(numbers) == 1 else "sections ") + ", ".join(numbers)


def _otherwise(one: Assumption) -> str:
    return f" *Otherwise*: {one.if_wrong}" if one.if_wrong != "Nothing." else ""


def _from_reference(text: str) -> str:
    """Return a text whose links are relative to the folder of the page of assumptions."""

    def link(found: re.Match[str]) -> str:
        path, _, anchor = found[1].partition("#")
        if path == _OWN_PAGE:
            return f"](#{anchor})"
        moved = path.removeprefix("reference/") if path.startswith("reference/") else f"../{path}"
        return f"]({moved}{f'#{anchor}' if anchor else ''})"

    return _LINK.sub(link, text)


def _read(name: str) -> bytes:
    return resources.files("ml_connector.assumptions").joinpath(f"{name}.toml").read_bytes()
