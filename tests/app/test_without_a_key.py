"""Nothing that needs the master key begins without one that can be used."""

import os
import signal
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Answered, Process, is_ready, serving
from ml_connector.vault.masterkey import KEY_FILE_NAME, as_text, new_key
from waiting import HANGS_AFTER_SECONDS, wait_until

COMMANDS = {
    "serve": ["serve", "--port", "0"],
    "without a worker": ["serve", "--port", "0", "--no-worker"],
    "worker": ["worker"],
}


def key_file(acme: Merchant) -> Path:
    return acme.folder / "data" / KEY_FILE_NAME


def damage(acme: Merchant, how: str) -> None:
    path = key_file(acme)
    match how:
        case "missing":
            path.rename(path.with_name("elsewhere"))
        case "no key":
            path.write_text("not a key\n")
        case "readable by others":
            path.chmod(0o644)
        case "of another installation":
            path.write_text(as_text([new_key()]))


@pytest.mark.parametrize("how", ["missing", "no key", "readable by others"])
@pytest.mark.parametrize("command", COMMANDS)
def test_it_does_not_begin(acme: Merchant, command: str, how: str) -> None:
    damage(acme, how)
    answered = acme.command(*COMMANDS[command])

    assert refused(answered, acme)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_opens_nothing_of_what_is_stored_is_none(acme: Merchant, command: str) -> None:
    [sealed] = acme.rows("select distinct key_id from secret")
    damage(acme, "of another installation")
    answered = acme.command(*COMMANDS[command])

    assert refused(answered, acme)
    assert sealed["key_id"] in answered.err


def refused(answered: Answered, acme: Merchant) -> bool:
    assert answered.status == 1, answered.err
    assert answered.out == ""
    assert answered.err.startswith("Error: ")
    assert f"Where: {key_file(acme)}" in answered.err
    assert "Next:  " in answered.err
    assert "Traceback" not in answered.err
    return len(answered.err.splitlines()) == 3


def test_the_web_process_alone_does_not_begin_either(acme: Merchant) -> None:
    damage(acme, "missing")
    answered = acme.command("web", "--fd", "1")

    assert refused(answered, acme)


def test_while_a_part_runs_the_other_waits_for_the_key(acme: Merchant) -> None:
    path = key_file(acme)
    with acme.serving() as service:
        before = service.parts()
        path.rename(path.with_name("elsewhere"))
        os.kill(before["worker"], signal.SIGKILL)
        wait_until(lambda: "part_waits" in service.said)
        still = is_ready(acme.url)
        path.with_name("elsewhere").rename(path)
        wait_until(lambda: service.parts().get("worker", before["worker"]) != before["worker"])

    assert still
    assert str(path) in service.said
    assert service.said.count("part_waits") == 1


def test_when_no_part_runs_any_more_it_ends_and_says_why(acme: Merchant) -> None:
    path = key_file(acme)
    with acme.serving("--no-worker") as service:
        path.rename(path.with_name("elsewhere"))
        os.kill(service.parts()["web"], signal.SIGKILL)
        status = service.process.wait(HANGS_AFTER_SECONDS)

    assert status == 1
    assert "Error: There is no master key" in service.said
    assert f"Where: {path}" in service.said


def test_the_parts_have_the_settings_of_a_file_that_was_named(
    acme: Merchant, tmp_path: Path
) -> None:
    key = key_file(acme).rename(tmp_path / "kept.key")
    named = tmp_path / "named.toml"
    named.write_text(f'master_key_file = "{key}"\nlog_level = "debug"\n')
    with serving(acme.port, acme.environment, acme.folder, "--config", str(named)) as service:
        assert isinstance(service, Process)
        wait_until(lambda: "worker_begins" in service.said)

    assert "part_died" not in service.said
