import json
import re
from pathlib import Path

import pytest

from docs import pages, shell
from docs.pages import ROOT, Block
from ml_connector.flows import FLOWS

SHELL = [pytest.param(block, id=str(block)) for block in pages.blocks("sh")]
UNITS = [pytest.param(block, id=str(block)) for block in pages.blocks("ini")]
TARGETS = set(re.findall(r"^([a-z]+):.*##", pages.text("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("block", SHELL)
def test_a_shell_block_calls_commands_as_they_are(block: Block) -> None:
    wrong = []
    for words in shell.lines(block.text):
        arguments = shell.ours(words)
        if arguments is not None:
            wrong += shell.faults(arguments)
        elif words[0] not in shell.ELSEWHERE and words[0] != "ml-connector":
            wrong.append(f"what is {words[0]}?")

    assert wrong == []


@pytest.mark.parametrize("block", SHELL)
def test_make_is_called_with_targets_that_exist(block: Block) -> None:
    called = {
        word
        for words in shell.lines(block.text)
        if "make" in words
        for word in words[words.index("make") + 1 :]
        if re.fullmatch(r"[a-z]+", word)
    }

    assert called <= TARGETS


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=pages.name(page)) for page in pages.pages()]
)
def test_commands_in_the_text_are_as_they_are(page: Path) -> None:
    wrong = []
    for code in pages.inline_code(page):
        words = code.split()
        if words[0] == "ml-connector" and len(words) > 1 and words[1].islower():
            wrong += shell.faults(words[1:])
        if words[0] == "make" and len(words) > 1:
            wrong += [] if words[1] in TARGETS else [code]

    assert wrong == []


@pytest.mark.parametrize("block", UNITS)
def test_a_unit_starts_a_command_as_it_is(block: Block) -> None:
    wrong = []
    for line in re.findall(r"^ExecStart=(.+)$", block.text, re.MULTILINE):
        arguments = shell.ours(line.split())
        wrong += ["what is started?"] if arguments is None else shell.faults(arguments)

    assert wrong == []


def test_the_reference_has_every_command_and_no_other() -> None:
    described = [
        tuple(title.split())
        for title in pages.sections("docs/reference/commands.md")
        if title != "For every command"
    ]

    assert sorted(described) == sorted(shell.every_command())


@pytest.mark.parametrize("command", shell.every_command(), ids=" ".join)
def test_the_reference_has_every_option_of_a_command_and_no_other(
    command: tuple[str, ...],
) -> None:
    section = pages.sections("docs/reference/commands.md")[" ".join(command)]
    described = {
        option for cells in pages.rows(section) for option in re.findall(r"`(--[\w-]+)`", cells[0])
    }

    assert described == shell.options_of(*command)


def test_the_global_options_are_the_ones_described() -> None:
    section = pages.sections("docs/reference/commands.md")["For every command"]
    described = {re.findall(r"`(--[\w-]+)", cells[0])[0] for cells in pages.rows(section)}

    assert described == shell.GLOBAL
    assert all(option in shell.help_of() for option in described)


def test_webhooks_are_subscribed_to_with_the_topics_that_are_handled() -> None:
    handled = {topic for flow in FLOWS.values() for topic in flow.topics}
    named = re.findall(
        r"^Topics that are handled: (.+)$", pages.text("docs/reference/http.md"), re.MULTILINE
    )
    subscribed = [
        set(json.loads(words[words.index("-d") + 1])["topics"])
        for block in pages.blocks("sh")
        for words in shell.lines(block.text)
        if words[0] == "curl" and any("/webhooks/shipbob/" in word for word in words)
    ]

    assert set(re.findall(r"`([\w.]+)`", named[0])) == handled
    assert [one for one in subscribed if one != handled] == []


def test_sync_names_every_flow() -> None:
    section = pages.sections("docs/reference/commands.md")["sync"]
    named = re.findall(r"The flows are (.+?)\. ", section)

    assert [set(re.findall(r"`([\w-]+)`", one)) for one in named] == [set(FLOWS)]


def test_every_target_of_make_in_contributing_is_described_by_make() -> None:
    block = next(one for one in pages.blocks("sh") if one.page == "CONTRIBUTING.md")

    assert {words[1] for words in shell.lines(block.text)} <= TARGETS
    assert (ROOT / "Makefile").is_file()
