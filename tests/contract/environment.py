"""Other people's tools, each in a folder of its own: nothing of this project is involved."""

import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from sim.environments import with_uv
from sim.shipbob.test_third_party_client import OFFLINE, run

_NO_NPM_REGISTRY: Final = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "E404")


def from_package_index(package: str, folder: Path) -> Path:
    """Return the ``bin`` folder of a new virtual environment that holds one package.

    Skips the test where no package index has it.
    """
    environment = folder / "env"
    if with_uv(package, environment):
        return environment / "bin"
    try:
        run(sys.executable, "-m", "venv", environment, cwd=folder)
        run(environment / "bin/python", "-m", "pip", "install", "-q", package, cwd=folder)
    except AssertionError as failure:
        _skip_where_offline(package, failure, OFFLINE)
        raise
    return environment / "bin"


def from_npm(package: str, folder: Path) -> Path:
    """Return the ``.bin`` folder of an npm package and all it needs.

    Skips the test where there is no npm, or no registry has the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"There is no npm here to install {package} with.")
    try:
        quiet = ("--no-audit", "--no-fund", "--no-save", "--loglevel=error")
        run(npm, "install", *quiet, "--prefix", folder, package, cwd=folder)
    except AssertionError as failure:
        _skip_where_offline(package, failure, _NO_NPM_REGISTRY)
        raise
    return folder / "node_modules/.bin"


def _skip_where_offline(package: str, failure: AssertionError, signs: tuple[str, ...]) -> None:
    if any(sign in str(failure) for sign in signs):
        pytest.skip(f"No package index has {package}: it could not be installed.")
