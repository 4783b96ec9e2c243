"""``make setup``: it says what it does from the first second, and what to set where it can't."""

import os
import subprocess
from pathlib import Path

import pytest

from docs.pages import ROOT

# Stands for Python: makes an environment whose pip or uv answers as wanted.
PYTHON = """#!/bin/sh
test "$1" = -c && exit 0
mkdir -p "$3/bin"
printf '#!/bin/sh\necho pip with $PIP_CERT\nexit {pip}\n' >"$3/bin/python"
chmod +x "$3/bin/python"
{uv}
"""
UV = """printf '#!/bin/sh\necho uv with $UV_SYSTEM_CERTS\nexit {status}\n' >"$3/bin/uv"
chmod +x "$3/bin/uv\""""


def made(folder: Path, python: str, **environment: str) -> tuple[int, list[str]]:
    script = folder / "python"
    script.write_text(python)
    script.chmod(0o755)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PIP_CERT", "UV_SYSTEM_CERTS", "MAKEFLAGS", "MAKELEVEL"}
    }
    ran = subprocess.run(  # noqa: S603 - our own arguments
        ["make", "setup", f"VENV={folder / 'venv'}", f"PYTHON={script}"],  # noqa: S607 - found by PATH
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout.splitlines()


def test_it_says_what_it_does_and_uses_the_certificates_of_the_system(tmp_path: Path) -> None:
    status, said = made(tmp_path, PYTHON.format(pip=0, uv=UV.format(status=0)))

    assert status == 0
    assert said[0] == f"Making {tmp_path / 'venv'}"
    assert said[1].startswith("Fetching and installing the packages")
    assert said[2] == "uv with true"


def test_what_somebody_has_set_stays(tmp_path: Path) -> None:
    environment = {"PIP_CERT": "/own.pem", "UV_SYSTEM_CERTS": "false"}
    _, said = made(tmp_path, PYTHON.format(pip=1, uv=""), **environment)

    assert "pip with /own.pem" in said


@pytest.mark.parametrize(
    "python", [PYTHON.format(pip=1, uv=""), PYTHON.format(pip=0, uv=UV.format(status=1))]
)
def test_where_nothing_can_be_fetched_it_says_in_one_line_what_to_set(
    tmp_path: Path, python: str
) -> None:
    status, said = made(tmp_path, python)

    assert status != 0
    assert "Behind a proxy that inspects TLS" in said[-1]
    assert "SSL_CERT_FILE=FILE PIP_CERT=FILE" in said[-1]
