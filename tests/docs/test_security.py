"""The page on security names every requirement of the standard, and tests that there are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "explanation" / "security.md"

REQUIREMENTS: Final = {
    "1.1": (1, 2),
    "1.2": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "1.3": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    "1.4": (1, 2, 3),
    "1.5": (1, 2),
    "2.1": (1, 2, 3),
    "2.2": (1, 2, 3),
    "2.3": (1, 2, 3, 4),
    "2.4": (1,),
    "3.2": (1, 2),
    "3.3": (1, 2, 3, 4),
    "3.4": (1, 2, 3, 4, 5, 6),
    "3.5": (1, 2, 3, 4, 5),
    "3.7": (1, 2),
    "4.1": (1, 2, 3),
    "4.2": (1,),
    "4.3": (1, 2),
    "4.4": (1, 2, 3, 4),
    "5.1": (1,),
    "5.2": (1, 2, 3),
    "5.3": (1, 2),
    "5.4": (1, 2, 3),
    "6.1": (1, 2, 3),
    "6.2": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    "6.3": (1, 2, 3, 4),
    "6.4": (1, 2, 3, 4),
    "6.5": (1, 2, 3, 4, 5),
    "6.6": (1, 2, 3),
    "6.8": (1, 2, 3, 4),
    "7.1": (1, 2, 3),
    "7.2": (1, 2, 3, 4),
    "7.3": (1, 2),
    "7.4": (1, 2, 3, 4, 5),
    "7.5": (1, 2),
    "7.6": (1, 2),
    "8.1": (1, 2),
    "8.2": (1, 2, 3),
    "8.3": (1,),
    "8.4": (1,),
    "9.1": (1, 2, 3),
    "9.2": (1, 2, 3, 4),
    "10.1": (1, 2),
    "10.2": (1, 2),
    "10.3": (1, 2, 3, 4),
    "10.4": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    "10.5": (1, 2, 3, 4, 5),
    "10.6": (1, 2),
    "10.7": (1, 2, 3),
    "11.1": (1, 2),
    "11.2": (1, 2, 3),
    "11.3": (1, 2, 3),
    "11.4": (1, 2, 3, 4),
    "11.5": (1,),
    "11.6": (1,),
    "12.1": (1, 2, 3),
    "12.2": (1, 2),
    "12.3": (1, 2, 3, 4),
    "13.1": (1,),
    "13.2": (1, 2, 3, 4, 5),
    "13.3": (1, 2),
    "13.4": (1, 2, 3, 4, 5),
    "14.1": (1, 2),
    "14.2": (1, 2, 3, 4),
    "14.3": (1, 2, 3),
    "15.1": (1, 2, 3),
    "15.2": (1, 2, 3),
    "15.3": (1, 2, 3, 4, 5, 6, 7),
    "16.1": (1,),
    "16.2": (1, 2, 3, 4, 5),
    "16.3": (1, 2, 3, 4),
    "16.4": (1, 2, 3),
    "16.5": (1, 2, 3),
}
"""ASVS 5.0.0, levels 1 and 2, without V17: the numbers of each section's requirements."""

STANDS: Final = {"met", "met over https", "met, outward", "partly", "no", "yours", "n/a"}

NUMBERS: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?: to (\d+)\.(\d+)\.(\d+))?")


def rows() -> Iterator[list[str]]:
    """The cells of each row about requirements."""
    for line in PAGE.read_text("utf-8").splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def named(first: str) -> set[tuple[int, ...]]:
    """The requirements that a row names, singly or from one to another."""
    every = {
        (*map(int, section.split(".")), number)
        for section, numbers in REQUIREMENTS.items()
        for number in numbers
    }
    found: set[tuple[int, ...]] = set()
    for one in NUMBERS.finditer(first):
        begin = tuple(int(part) for part in one.groups()[:3])
        end = tuple(int(part) for part in one.groups()[3:] if part) or begin
        found |= {each for each in every if begin <= each <= end}
    return found


def test_every_requirement_stands_on_the_page_once() -> None:
    found = [each for row in rows() for each in named(row[0])]
    every = {
        (*map(int, section.split(".")), number)
        for section, numbers in REQUIREMENTS.items()
        for number in numbers
    }

    assert set(found) == every
    assert len(found) == len(every)


def test_each_row_says_how_it_stands_and_why() -> None:
    for name, stands, *how in rows():
        assert stands in STANDS, name
        assert stands == "no" or how[0], name


def test_the_tests_that_are_named_exist() -> None:
    files = re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text("utf-8"))

    assert len(set(files)) > 40
    assert [file for file in sorted(set(files)) if not (ROOT / file).is_file()] == []
