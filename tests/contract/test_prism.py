"""Our ShipBob client against Prism: somebody else's reading of ShipBob's OpenAPI file.

Prism checks each request against the file, answers a wrong one with a 4xx, and makes the
answers up: from the file's examples, or, in its dynamic mode, from nothing but the schemas.
"""

import inspect
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from contract.environment import from_npm
from contract.prism import prism
from contract.shipbob_calls import CALLS, CHANNEL, WRO, Exchange, Recorder, shipbob
from ml_connector.errors import NeedsHuman, Retryable, Unreadable
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.centers import CenterCalls
from ml_connector.shipbob.resources.inventory_history import HistoryCalls
from ml_connector.shipbob.resources.stock import StockCalls
from ml_connector.shipbob.webhooks.subscriptions import SubscriptionCalls
from ml_connector.storage.database import Database
from ml_connector.transport.call import Call
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits

PRISM: Final = "@stoplight/prism-cli@5.14.2"

LOOSER_THAN_DOCUMENTED: Final = (
    # Quantities are numbers without a least one; they count whole eaches (section 9.4).
    r"Expected `int` >= 0 - at `\$.*\.(\w+_)?quantity`",
    # Fulfillment centers may be null in the file, alone and in lists; a WRO has always one,
    # since it can't be made without (section 9.4).
    r"missing required field `fulfillment_center`",
    r"\(reading the fulfillment centers, a row without an id: Expected `object`, got `null`",
    # So may the name of a status; a change of status is nothing without it (section 9.4).
    r"missing required field `status` - at `\$.*\.status_history\[\d+\]`",
)
"""What the schemas allow and the documents do not, by how our client's words for it end."""

_OF_A_LIST: Final = r"(; and \d+ more)?\)?$"
"""What follows where rows of a list are named."""


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in a folder of its own."""
    return from_npm(PRISM, tmp_path_factory.mktemp("prism")) / "prism"


@pytest.fixture(scope="module")
def examples(
    binary: Path, readable_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a Prism that answers with examples."""
    with prism(binary, readable_file, tmp_path_factory.mktemp("prism") / "log") as url:
        yield url


@pytest.fixture(scope="module", params=["1", "2", "3"])
def drawn(
    request: pytest.FixtureRequest,
    binary: Path,
    readable_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of a Prism that draws its answers from the schemas."""
    log = tmp_path_factory.mktemp("prism") / "log"
    with prism(binary, readable_file, log, "--dynamic", "--seed", request.param) as url:
        yield url


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    # No call names a limit, so no database is needed.
    limits = Limits(Database("postgresql://unused"), holder="test")
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        yield Recorder(transport)


def refusals(exchanges: list[Exchange]) -> list[str]:
    """What Prism found wrong with the requests."""
    found = [
        f"{each.call.method} {each.call.url}: {each.answer.status} {each.answer.body.decode()}"
        for each in exchanges
        if each.answer.status >= 400
    ]
    for each in exchanges:
        violations = json.loads(each.answer.header("sl-violations") or "[]")
        found += [str(one) for one in violations if one["location"][0] == "request"]
    return found


def test_every_method_of_the_client_is_called() -> None:
    parts = {
        "": ShipBob,
        "centers.": CenterCalls,
        "subscriptions.": SubscriptionCalls,
        "stock.": StockCalls,
        "history.": HistoryCalls,
    }
    methods = {
        f"{part}{name}"
        for part, kind in parts.items()
        for name, _ in inspect.getmembers(kind)
        if not name.startswith("_")
    }

    assert set(CALLS) == methods


def names_a_channel(call: Call) -> bool:
    """Whether a call must name our channel: every write but that of a subscription (3.4)."""
    path = call.url.partition("?")[0]
    subscribes = call.method == "POST" and path.endswith("/webhook")
    return call.method != "GET" and not path.endswith(":query") and not subscribes


@pytest.mark.parametrize("name", CALLS)
async def test_no_request_is_refused_and_every_example_is_read(
    name: str, examples: str, recorder: Recorder
) -> None:
    await CALLS[name](shipbob(recorder, examples))

    assert refusals(recorder.exchanges) == []
    assert all(
        each.call.headers.get("shipbob_channel_id")
        == (str(CHANNEL) if names_a_channel(each.call) else None)
        for each in recorder.exchanges
    )


async def test_no_request_is_refused_and_answers_are_read_or_said_to_be_unexpected(
    drawn: str, recorder: Recorder
) -> None:
    unexpected: list[str] = []
    unsettled = 0
    for name, call in CALLS.items():
        try:
            await call(shipbob(recorder, drawn))
        except Unreadable as error:
            unexpected.append(f"{name}: {error}")
        except Retryable as error:
            # Of a write that may have been done: what it made is looked up.
            unexpected.append(f"{name}: {error}")
            unsettled += not error.outcome_unknown

    assert refusals(recorder.exchanges) == []
    assert unsettled == 0
    assert [
        error
        for error in unexpected
        if not any(re.search(known + _OF_A_LIST, error) for known in LOOSER_THAN_DOCUMENTED)
    ] == []


async def test_a_wrong_request_is_refused(examples: str, recorder: Recorder) -> None:
    with pytest.raises(NeedsHuman):
        await shipbob(recorder, examples).create_wro(
            msgspec.structs.replace(WRO, package_type="Crate")
        )

    assert [each.answer.status for each in recorder.exchanges] == [422]
