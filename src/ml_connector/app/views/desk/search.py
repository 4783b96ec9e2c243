"""Search by any number: WRO, order, tracking, SKU, document, external id, invoice, webhook id."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ml_connector.app.views.words import Chip, state_shown, subject_title
from ml_connector.flows import FLOWS
from ml_connector.ledger.search import find
from ml_connector.ledger.search.numbers import LONGEST
from ml_connector.storage.database import Connection

MOST: Final = 25

_BY: Final = {
    "subject": "its own number",
    "order": "order",
    "tracking": "tracking number",
    "sku": "SKU",
    "document": "document",
    "shipment": "shipment",
    "wro": "WRO",
    "webhook": "webhook id",
    "external_id": "external id",
    "internal_id": "NetSuite's internal id",
    "journal": "journal row",
}


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that a number means.

    Attributes:
        word: its state as people read it, and ``chip`` how it is coloured.
        by: what the number is to it: a stable word; ``by_in_words`` for people.
        number: that it was found by, which may go on after what was typed.
    """

    subject_id: int
    connection: str
    flow: str
    key: str
    title: str
    status: str
    chip: Chip
    word: str
    by: str
    by_in_words: str
    number: str


class EventHit(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is about no subject, found by its webhook id."""

    id: int
    connection: str
    topic: str
    status: str


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a number means.

    Attributes:
        more: there are more subjects than are named.
        may_ask_netsuite: it may be the number of a document, which only NetSuite knows.
    """

    text: str
    subjects: tuple[SearchHit, ...]
    events: tuple[EventHit, ...]
    more: bool
    may_ask_netsuite: bool


async def search(on: Connection, names: Sequence[str], text: str) -> SearchResult:
    """Return what a number means."""
    wanted = " ".join(text.split())
    hits = await find.subjects_by(on, names, wanted, flows=FLOWS, most=MOST + 1)
    events = await find.event_of_delivery(on, names, wanted) if wanted and not hits else []
    return SearchResult(
        text=wanted,
        subjects=tuple(
            SearchHit(
                subject_id=hit.subject_id,
                connection=hit.connection,
                flow=hit.flow,
                key=hit.key,
                title=subject_title(hit.flow, hit.key),
                status=hit.state,
                chip=state_shown(hit.state).chip,
                word=state_shown(hit.state).word,
                by=hit.by,
                by_in_words=_BY.get(hit.by, hit.by),
                number=hit.number,
            )
            for hit in hits[:MOST]
        ),
        events=tuple(
            EventHit(
                id=row["id"],
                connection=row["connection"],
                topic=row["topic"],
                status=row["status"],
            )
            for row in events
        ),
        more=len(hits) > MOST,
        may_ask_netsuite=bool(wanted) and not hits and not events and len(wanted) <= LONGEST,
    )
