"""``--world FILE`` of the commands that run the simulators."""

from pathlib import Path

import pytest

from cli.conftest import Command


@pytest.mark.parametrize("command", [["sim", "both"], ["demo", "--exit"]])
def test_a_world_that_can_not_be_read_is_told_before_anything_starts(
    bare: Command, tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "world.toml"
    path.write_text('[world]\nwebhook_bodies = "bare"\n')

    answered = bare(*command, "--port", "0", "--world", str(path))

    assert answered.status == 1
    assert 'no switch "webhook_bodies" (the nearest is "webhook_body")' in " ".join(
        answered.err.split()
    )
    assert not (tmp_path / "data").exists()
