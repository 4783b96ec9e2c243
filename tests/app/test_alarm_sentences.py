"""What alarms say: whoever shows a sentence ends it."""

import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_type_hints

import pytest

from ml_connector.app.alarms import sentences
from ml_connector.app.alarms.sentences import AlarmText, message_of
from ml_connector.app.installation.room import Room
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.alarms.alarms import Alarm, Group
from ml_connector.words import AlarmKind, Cause

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FAILURE = NeedsHuman("It was refused", cause=Cause.PERMISSION_MISSING, remedy="Grant it.")
ROW = {
    "flow": "receiving",
    "keys": ["1"],
    "count": 1,
    "cause": "sku_missing",
    "oldest": NOW,
    "sentences": ["It is not there"],
    "remedy": "Make it.",
    "attempts": 7,
}

SAID: dict[str, Callable[[], AlarmText]] = {
    "little_room": lambda: sentences.little_room(
        Room(place="/data", free_bytes=1 << 20, size_bytes=1 << 30)
    ),
    "takes_no_writes": lambda: sentences.takes_no_writes("the disk is full"),
    "stopped": lambda: sentences.stopped(ROW, AlarmKind.PARKED),
    "retrying": lambda: sentences.retrying(ROW),
    "unreadable": lambda: sentences.unreadable([FAILURE]),
    "credentials_refused": lambda: sentences.credentials_refused(FAILURE),
    "consent_ends": lambda: sentences.consent_ends(3),
    "certificate_ends": lambda: sentences.certificate_ends(
        NOW + timedelta(days=7), NOW, account_id="1234567", remedy="Renew it."
    ),
    "certificate_not_renewed": lambda: sentences.certificate_not_renewed("1234567", FAILURE),
    "subscriptions_not_right": lambda: sentences.subscriptions_not_right("One is missing", ""),
    "subscriptions_refused": lambda: sentences.subscriptions_refused("not allowed"),
    "subscription_was_disabled": lambda: sentences.subscription_was_disabled("17"),
    "webhooks_silent": lambda: sentences.webhooks_silent(NOW, 4),
    "webhooks_refused": lambda: sentences.webhooks_refused("too_old"),
    "refusal_explained": lambda: sentences.refusal_explained("wrong_signature"),
    "clock_differs": lambda: sentences.clock_differs(90),
    "sweep_is_blind": lambda: sentences.sweep_is_blind("receiving", "one row", "See it."),
    "two_writers": lambda: sentences.two_writers("Two are of one account", "Pause one."),
    "month_not_explained": lambda: sentences.month_not_explained("2026-10", 2),
}


def test_every_sentence_is_looked_at() -> None:
    made = {
        name
        for name, function in inspect.getmembers(sentences, inspect.isfunction)
        if get_type_hints(function).get("return") is AlarmText
    }

    assert made == SAID.keys()


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_message_ends_each_sentence_once(name: str) -> None:
    sentence, remedy = SAID[name]()
    alarm = Alarm(
        id=1,
        connection="acme",
        kind=AlarmKind.STORAGE,
        key="k",
        sentence=sentence,
        remedy=remedy,
        times=1,
        raised_at=NOW,
        last_raised_at=NOW,
        told_at=None,
    )
    _, text = message_of(Group(connection="acme", kind=alarm.kind, alarms=(alarm,)), None)

    assert f"- {sentence}.\n" in text
    assert remedy.endswith(".")
    assert re.search(r"[.:;]\.|\.\s*\.", text) is None
