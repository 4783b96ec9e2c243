"""Polls: only what changed since the last one, by the source's own clock; all once a day.

The source's clock is not ours, and it may be a local one that is set back in autumn, so
the time of the last poll is kept by both clocks (netsuite.md sections 4.2 and 4.7).
"""

from datetime import datetime, timedelta
from typing import Final

from ml_connector.ledger.inbox.polls import Poll
from ml_connector.moments import is_known

OVERLAP: Final = timedelta(minutes=10)
"""A change may be dated before it is to be seen."""

FULL_EVERY: Final = timedelta(hours=24)
"""A change may move no date at all."""

_FORM: Final = "%Y-%m-%d %H:%M:%S"


def changed_since(last: Poll, *, account_time: str, now: datetime) -> str:
    """Return the moment from which to ask for changes, by the account's clock. Pure.

    Where that clock has gone forward less than ours since the last poll, it was set back,
    and a change before that may bear a later time than a change after it: then changes are
    asked for from that much earlier.

    Args:
        last: the last poll.
        account_time: the account's clock now.
        now: ours, aware.
    """
    before = datetime.strptime(last.account_time, _FORM)  # noqa: DTZ007 - the account's own time, which has no zone
    then = datetime.strptime(account_time, _FORM)  # noqa: DTZ007 - the account's own time, which has no zone
    set_back = (now - last.polled_at) - (then - before)
    return (before - OVERLAP - max(set_back, timedelta(0))).strftime(_FORM)


def is_full(last: Poll | None, *, now: datetime, applied_at: datetime | None = None) -> bool:
    """Whether everything is to be looked at, and not only the changes. Pure.

    Args:
        last: the last poll.
        now: aware.
        applied_at: when the connection was applied last: a setting may concern what did not
            change.
    """
    if last is None or not is_known(last.full_at, now) or now - last.full_at >= FULL_EVERY:
        return True
    return applied_at is not None and applied_at > last.full_at
