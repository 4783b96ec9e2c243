"""Calls of the API that may be made again, and how they were answered the first time."""

from datetime import timedelta
from typing import Final

import msgspec

from ml_connector.storage.database import Connection, one, rows

KEPT: Final = timedelta(hours=24)


class AnsweredCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was made before under the same key.

    Attributes:
        asked: SHA-256 of what was asked then.
        status: of the answer; None: it is being done, or it was cut off and nobody knows.
        content_type: of the answer.
        body: of the answer.
    """

    asked: bytes
    status: int | None
    content_type: str
    body: bytes


async def begin(on: Connection, token: str, key: str, asked: bytes) -> AnsweredCall | None:
    """Note that a call begins; or return the one that came before under the same key."""
    await rows(on, "delete from answered_call where at < now() - %(kept)s", {"kept": KEPT})
    made = await one(
        on,
        "insert into answered_call (token, key, asked) values (%(token)s, %(key)s, %(asked)s)"
        " on conflict do nothing returning key",
        {"token": token, "key": key, "asked": asked},
    )
    if made is not None:
        return None
    found = await one(
        on,
        "select asked, status, content_type, body from answered_call"
        " where token = %(token)s and key = %(key)s",
        {"token": token, "key": key},
    )
    return msgspec.convert(found, AnsweredCall) if found else None


async def answer(
    on: Connection, token: str, key: str, *, status: int, content_type: str, body: bytes
) -> None:
    """Keep how a call was answered."""
    await rows(
        on,
        "update answered_call set status = %(status)s, content_type = %(type)s, body = %(body)s"
        " where token = %(token)s and key = %(key)s",
        {"token": token, "key": key, "status": status, "type": content_type, "body": body},
    )


async def forget(on: Connection, token: str, key: str) -> None:
    """Forget a call that did nothing, so that it may be made again."""
    await rows(
        on,
        "delete from answered_call where token = %(token)s and key = %(key)s",
        {"token": token, "key": key},
    )
