"""What people type: each fault has its status, its place and what to do; none is a bug."""

import pytest

from acceptance.service import Answered
from bad_input.corpus import Case, cases, lengthened
from cli.conftest import Command, bare, cli, shop

__all__ = ["bare", "cli", "shop"]


def check(case: Case, answered: Answered) -> None:
    assert "A bug: " not in answered.err, answered.err
    assert "Traceback" not in answered.err
    assert answered.status == case.given["status"], answered.err
    assert answered.out == ""
    assert case.given["says"] in answered.err
    assert "  Next:  " in answered.err


@pytest.mark.parametrize("case", cases("commands"), ids=str)
def test_a_command_that_is_typed_wrong_is_explained(
    bare: Command, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    for name, value in case.given.get("set", {}).items():
        monkeypatch.setenv(name, value)

    check(case, bare(*map(lengthened, case.given["typed"])))


@pytest.mark.parametrize("case", cases("installed"), ids=str)
def test_a_command_about_nothing_that_there_is_is_explained(cli: Command, case: Case) -> None:
    check(case, cli(*map(lengthened, case.given["typed"])))
