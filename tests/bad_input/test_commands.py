"""What people type: each fault has its status, its place and what to do; none is a bug."""

import pytest

from bad_input.corpus import Case, cases, lengthened
from cli.conftest import Command, bare

__all__ = ["bare"]


@pytest.mark.parametrize("case", cases("commands"), ids=str)
def test_a_command_that_is_typed_wrong_is_explained(
    bare: Command, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    for name, value in case.given.get("set", {}).items():
        monkeypatch.setenv(name, value)
    answered = bare(*map(lengthened, case.given["typed"]))

    assert "A bug: " not in answered.err, answered.err
    assert "Traceback" not in answered.err
    assert answered.status == case.given["status"], answered.err
    assert answered.out == ""
    assert case.given["says"] in answered.err
    assert "  Next:  " in answered.err
