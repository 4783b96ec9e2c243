"""An installation without the optional part: the simulators, and what runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.service import Answered

BARE = """
import sys
sys.modules.update(dict.fromkeys(("httpx2", "sqlglot", "starlette")))  # can't be imported
from ml_connector.cli import run
sys.exit(run(sys.argv[1:]))
"""


def bare(folder: Path, *arguments: str) -> Answered:
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", BARE, *arguments],
        cwd=folder,
        env={"MLC_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    return Answered(status=ran.returncode, out=ran.stdout, err=ran.stderr)


@pytest.mark.parametrize("arguments", [["demo"], ["sim", "both"], ["bench", "acks"]])
def test_what_needs_the_simulators_says_how_to_install_them(
    tmp_path: Path, arguments: list[str]
) -> None:
    answered = bare(tmp_path, *arguments)

    assert answered.status == 1
    assert "The simulators, an optional part, are not installed" in answered.err
    assert "pip install 'ml-connector[sim]'" in answered.err
    assert "Traceback" not in answered.err


@pytest.mark.parametrize("command", ["serve", "webhooks"])
def test_everything_else_loads_without_them(tmp_path: Path, command: str) -> None:
    assert bare(tmp_path, command, "--help").status == 0
