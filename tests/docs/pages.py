"""The pages of the documentation, taken apart: blocks, tables, links, headings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"

_BLOCK: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Every page that a reader may come across."""
    at_the_top = ("README", "CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT")
    return [*(ROOT / f"{name}.md" for name in at_the_top), *sorted(DOCS.rglob("*.md"))]


def templates() -> list[Path]:
    """What issues and pull requests begin with: no pages, they have no title."""
    return sorted((ROOT / ".github").rglob("*.md"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the page it stands on."""

    page: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0][:60] if self.text else ''}"


def blocks(*languages: str) -> list[Block]:
    return [
        Block(name(page), found[2], _without_indent(found[3], found[1]))
        for page in pages()
        for found in _BLOCK.finditer(page.read_text("utf-8"))
        if found[2] in languages
    ]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text("utf-8"))


def inline_code(page: Path) -> list[str]:
    return _INLINE.findall(prose(page))


def links(page: Path) -> list[str]:
    return _LINK.findall(_INLINE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """Return what a link to this page may have after its ``#``."""
    return {slug(title) for _, title in _HEADING.findall(prose(page))}


def slug(title: str) -> str:
    """Return the anchor of a heading, as the site's builder and code hosts make it."""
    kept = re.sub(r"[^\w\s-]", "", title.replace("`", "")).strip().lower()
    return re.sub(r"\s", "-", kept)


def sections(page: str, level: int = 2) -> dict[str, str]:
    """Return the text below each heading of this level, by its title."""
    parts = re.split(rf"^{'#' * level} (.+)$", text(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(markdown: str) -> Iterator[Sequence[str]]:
    """Yield the cells of every table row, heads and rulers left out."""
    lines = markdown.splitlines()
    for number, line in enumerate(lines):
        is_row = line.lstrip().startswith("|")
        is_head = number + 1 < len(lines) and set(lines[number + 1].strip()) <= set("|-: ")
        is_ruler = set(line.strip()) <= set("|-: ")
        if is_row and not is_ruler and not (is_head and lines[number + 1].strip()):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def _without_indent(block: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in block.splitlines(keepends=True))
