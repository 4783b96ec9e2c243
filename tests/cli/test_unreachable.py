"""A system that can't be reached: the command names it, and what a person can do."""

import pytest
import stamina
import structlog

from ml_connector.errors import Retryable
from ml_connector.transport.call import Call
from ml_connector.transport.http import client
from ml_connector.transport.http.wire import NetworkFailure, Timeouts, Wire


async def test_who_did_not_answer_is_named_with_host_and_port() -> None:
    call = Call(
        connection="acme",
        system="netsuite",
        operation="look",
        method="GET",
        url="http://127.0.0.1:1/record",
    )
    async with Wire(timeouts=Timeouts(), user_agent="tests") as wire:
        with pytest.raises(NetworkFailure) as caught:
            await wire.exchange(call)
    failure = caught.value.failure

    assert isinstance(failure, Retryable)
    assert failure.where == "127.0.0.1:1"
    assert "127.0.0.1" not in str(failure)
    assert failure.remedy == "Nothing: it is tried again by itself."
    assert failure.remedy_of_a_command == (
        "See that 127.0.0.1:1 can be reached from here, then run the command again."
    )


def test_a_remedy_of_its_own_stays() -> None:
    assert Retryable("Busy", remedy="Wait.").remedy_of_a_command == "Wait."
    assert "Run the command again" in Retryable("Busy").remedy_of_a_command


def test_a_repeated_call_is_logged_in_our_words() -> None:
    assert client.USER_AGENT  # loading the client sets what is told
    tries = stamina.retry_context(on=Retryable, attempts=2, wait_initial=0, wait_max=0)
    with structlog.testing.capture_logs() as said:
        for attempt in tries:
            with attempt:
                if attempt.num == 1:
                    raise Retryable("NetSuite is busy")

    assert [(one["event"], one["reason"]) for one in said] == [
        ("call_repeated", "NetSuite is busy")
    ]
