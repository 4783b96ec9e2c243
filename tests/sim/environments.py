"""Virtual environments for other people's packages, which tests run unmodified."""

import shutil
import subprocess
import sys
from pathlib import Path


def with_uv(package: str, environment: Path) -> bool:
    """Make an environment that holds one package, with this project's uv; False if it can't.

    It takes uv two seconds, and pip half a minute of processor time.
    """
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if uv is None:
        return False
    python = environment / "bin/python"
    # Copies: a linked file is uv's own, and who writes into it changes it for everybody.
    install = (uv, "pip", "install", "-q", "--link-mode", "copy", "--python", python, package)
    for command in ((uv, "venv", "-q", "--python", sys.executable, environment), install):
        words = [str(word) for word in command]
        if subprocess.run(words, capture_output=True, check=False).returncode:  # noqa: S603 - our own command
            shutil.rmtree(environment, ignore_errors=True)
            return False
    return True
