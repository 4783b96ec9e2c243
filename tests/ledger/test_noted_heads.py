"""Heads noted in a file: each once, in a chain of their own, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ml_connector.errors import UserError
from ml_connector.ledger.journal import noted_heads
from ml_connector.ledger.journal.journal import Head


def head(number: int, connection: str = "acme") -> Head:
    return Head(connection=connection, number=number, hash=f"{number:064x}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / noted_heads.FILE_NAME


def numbers(file: Path) -> list[int]:
    found, wrong = noted_heads.read(file)
    assert wrong == []
    return [one.number for one in found]


def test_no_file_is_no_heads(file: Path) -> None:
    assert noted_heads.read(file) == ([], [])


def test_a_head_is_noted_once_until_there_is_a_new_one(file: Path) -> None:
    noted = [noted_heads.note(file, [head(number)], by="tests") for number in (1, 1, 2, 2, 5)]

    assert noted == [1, 0, 1, 0, 1]
    assert numbers(file) == [1, 2, 5]
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_many_at_once_leave_one_chain(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(
            lambda n: noted_heads.note(file, [head(n, f"c{n}")], by="tests"), range(1, 41)
        ):
            pass

    assert sorted(numbers(file)) == list(range(1, 41))


def test_a_line_cut_short_by_a_crash_is_no_lie(file: Path) -> None:
    noted_heads.note(file, [head(1)], by="tests")
    noted_heads.note(file, [head(2)], by="tests")
    text = file.read_bytes()
    file.write_bytes(text[:-20])

    assert numbers(file) == [1]
    noted_heads.note(file, [head(3)], by="tests")
    assert numbers(file) == [1, 3]


def test_a_line_that_is_no_head_shows(file: Path) -> None:
    noted_heads.note(file, [head(1)], by="tests")
    file.write_bytes(file.read_bytes() + b"something else\n")

    assert noted_heads.read(file)[1] == ["Line 2 of journal-heads.jsonl is no noted head"]


@pytest.mark.parametrize("at", [0, 1])
def test_a_line_that_was_taken_out_or_changed_shows(file: Path, at: int) -> None:
    for number in (1, 2, 3):
        noted_heads.note(file, [head(number)], by="tests")
    lines = file.read_bytes().splitlines(keepends=True)
    changed = [*lines]
    changed[at] = lines[at].replace(b'"number":', b'"number":7')
    file.write_bytes(b"".join(changed))
    _, wrong_by_change = noted_heads.read(file)
    file.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
    _, wrong_by_cut = noted_heads.read(file)

    assert len(wrong_by_change) == 1
    assert "does not continue the line before it" in wrong_by_change[0]
    assert len(wrong_by_cut) == 1


def test_a_file_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be noted"):
        noted_heads.note(tmp_path / "no" / "folder", [head(1)], by="tests")
