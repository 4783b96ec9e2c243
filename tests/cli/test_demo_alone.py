"""Two demos never share a folder."""

import fcntl
from pathlib import Path

from cli.conftest import Command


def test_a_second_demo_leaves_the_first_ones_folder_alone(bare: Command, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "demo" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with (tmp_path / "data" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answered = bare("demo", "--exit", "--port", "0")

    assert answered.status == 1
    assert "A demo is running there already" in answered.err
    assert kept.exists()
