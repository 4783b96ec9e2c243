"""Unidentified receiving orders: boxes that nobody announced (reference shipbob.md, 9.4)."""

from datetime import datetime
from itertools import count
from typing import Literal

import msgspec

from ml_connector.sim.shipbob.values.dates import stamp, stamp_or_none

UroAttachments = Literal["none", "texts", "objects", "absent"]
"""How the pictures of a box are listed."""


class Uro(msgspec.Struct, kw_only=True):
    """A box on the dock without a WRO.

    Attributes:
        contents: units by inventory id. Known to the simulator only, until it is associated.
    """

    id: int
    created: datetime
    center_id: int
    reason: str
    comment: str
    barcode: str
    tracking_barcode: str
    contents: dict[int, int]
    linked_wro_id: int | None = None
    linked: datetime | None = None

    def view(
        self, unlinked: int | None, attachments: UroAttachments = "none"
    ) -> dict[str, object]:
        """As the API shows it; ``unlinked`` stands where no WRO is associated yet."""
        address = f"https://files.example.com/uro/{self.id}.jpg"
        listed: dict[UroAttachments, dict[str, object]] = {
            "none": {"attachments": []},
            "texts": {"attachments": [address]},
            "objects": {"attachments": [{"file_name": f"{self.id}.jpg", "url": address}]},
            "absent": {},
        }
        return {
            "id": self.id,
            "barcode": self.barcode,
            "tracking_barcode": self.tracking_barcode,
            "reason": self.reason,
            "comment": self.comment,
            "created_date": stamp(self.created),
            "linked_wro_id": unlinked if self.linked_wro_id is None else self.linked_wro_id,
            "linked_wro_date": stamp_or_none(self.linked),
            **listed[attachments],
        }


class Uros:
    """All unidentified receiving orders, oldest first."""

    def __init__(self) -> None:
        self._ids = count(52_001)
        self.by_id: dict[int, Uro] = {}

    def add(
        self, *, now: datetime, center_id: int, contents: dict[int, int], reason: str, comment: str
    ) -> Uro:
        """A box has turned up."""
        number = next(self._ids)
        uro = Uro(
            id=number,
            created=now,
            center_id=center_id,
            reason=reason,
            comment=comment,
            barcode=f"URO{number}",
            tracking_barcode=f"UNKNOWN-{number}",
            contents=contents,
        )
        self.by_id[number] = uro
        return uro
