"""Samples of real webhook bodies: the only way to learn them (shipbob.md, section 7.1).

Every verified delivery is in the inbox with its raw bytes. A sample is the first one of its
topic since a person asked for samples. It is shown redacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.ledger.inbox import deliveries
from ml_connector.shipbob.webhooks.topics import TOPIC_KINDS
from ml_connector.storage.database import Connection
from ml_connector.transport.http.redaction import redact, redact_text

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The samples of a connection.

    Attributes:
        since: when a person asked for them; None: nobody did.
        samples: of each its topic, received_at, headers, and redacted body as a text.
        waiting: topics of which no delivery came since then.
    """

    since: datetime | None
    samples: Sequence[dict[str, Any]]
    waiting: Sequence[str]


async def begin_capture(on: Connection, connection: str) -> dict[str, Any]:
    """Begin to keep the next body of each topic."""
    now = datetime.now(UTC)
    await deliveries.begin_capture(on, connection, now=now)
    return {"since": now}


async def find_samples(on: Connection, connection: str) -> Samples:
    """Return the samples that came since then, redacted."""
    since, rows = await deliveries.captured(on, connection)
    samples = [
        {
            "topic": row["topic"],
            "event": row["id"],
            "received_at": row["received_at"],
            "headers": {
                name: value for name, value in row["headers"].items() if name == "content-type"
            },
            "body": redacted(bytes(row["body"])),
        }
        for row in rows
    ]
    came = {sample["topic"] for sample in samples}
    return Samples(
        since=since,
        samples=samples,
        waiting=[topic for topic in TOPIC_KINDS if topic not in came],
    )


def redacted(body: bytes) -> str:
    """Return a body as JSON text without credentials and personal data. Pure."""
    try:
        return _ENCODER.encode(redact(_DECODER.decode(body))).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return redact_text(body.decode("utf-8", "replace"))


def write_samples(found: Samples, folder: Path) -> list[Path]:
    """Write each sample into a file of its own, named after its topic.

    Raises:
        UserError: the folder can't be written to.
    """
    paths: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for sample in found.samples:
            topic = "".join(c if c.isalnum() or c in "._-" else "_" for c in sample["topic"])
            path = folder / f"{topic.strip('.') or 'no-topic'}.json"
            document = {
                "_meta": {
                    "provenance": "captured, redacted",
                    "topic": sample["topic"],
                    "received_at": sample["received_at"].isoformat(),
                },
                "headers": sample["headers"],
                "body": _plain(sample["body"]),
            }
            text = msgspec.json.format(_ENCODER.encode(document), indent=1)
            with private_files.replacing(path) as file:
                file.write(text + b"\n")
            paths.append(path)
    except OSError as error:
        raise UserError(
            f"The samples can't be written: {error.strerror}",
            where=str(folder),
            next_step="Choose another folder with --to.",
        ) from error
    return paths


def _plain(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return text
