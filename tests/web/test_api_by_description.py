"""The API is asked all that its own description allows, and much that it does not."""

import os
import subprocess
import sys
from pathlib import Path

from acceptance.merchant import Merchant
from acceptance.service import Process
from web.api import add_token

CONFIG = Path(__file__).with_name("schemathesis.toml")


def ask(receiver: Merchant, token: str, folder: Path, *only: str) -> subprocess.Popen[str]:
    """Begin to ask for some of the calls, no faster than a token may."""
    return subprocess.Popen(  # noqa: S603 - a tool of ours
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(CONFIG),
            "run",
            f"{receiver.url}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {token}",
            "--generation-deterministic",
            "--rate-limit=9/s",
            "--phases=examples,coverage",
            "--no-color",
            *only,
        ],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_call_answers_as_it_describes_itself(
    receiver: Merchant, web: Process, tmp_path: Path
) -> None:
    reads = ask(receiver, add_token(receiver, "reads", "admin"), tmp_path, "--include-method=GET")
    acts = ask(receiver, add_token(receiver, "acts", "admin"), tmp_path, "--exclude-method=GET")
    said = [reads.communicate()[0], acts.communicate()[0]]
    sys.stdout.write("\n".join(said))

    assert (reads.returncode, acts.returncode) == (0, 0)
    assert all("Tested: " in text for text in said)
    assert web.process.poll() is None
    assert "request_failed" not in web.said
