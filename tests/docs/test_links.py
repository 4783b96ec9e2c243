import re
import tomllib
from pathlib import Path

import pytest

from docs import pages
from docs.pages import DOCS, ROOT

ALL = [pytest.param(page, id=pages.name(page)) for page in pages.pages()]


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in pages.links(page):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in pages.anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", ALL)
def test_a_page_of_the_site_links_to_no_file_outside_of_it(page: Path) -> None:
    outside = [
        link
        for link in pages.links(page)
        if page.is_relative_to(DOCS)
        and not re.match(r"https?:|#", link)
        and not (page.parent / link.partition("#")[0]).resolve().is_relative_to(DOCS)
    ]

    assert outside == []


@pytest.mark.parametrize("page", ALL)
def test_a_page_has_one_title_and_names_nothing_of_a_developers_machine(page: Path) -> None:
    titles = re.findall(r"^# .+$", pages.prose(page), re.MULTILINE)

    assert len(titles) == 1
    assert not re.search(r"(?<!\w)/(?:work|root|Users)/|\bTODO\b", page.read_text("utf-8"))


def test_the_sites_menu_has_every_page_once() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]

    def files(entries: list[dict[str, object]]) -> list[str]:
        found: list[str] = []
        for entry in entries:
            for value in entry.values():
                found += files(value) if isinstance(value, list) else [str(value)]
        return found

    listed = files(site["nav"])

    assert sorted(listed) == sorted(
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    )


def test_the_site_loads_no_fonts_and_no_emoji_from_elsewhere() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]

    assert site["theme"]["font"] is False
    assert "emoji" not in str(site["markdown_extensions"])
    assert not any(pages.text(pages.name(page)).count("![") for page in DOCS.rglob("*.md"))
