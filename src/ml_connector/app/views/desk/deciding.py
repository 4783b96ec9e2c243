"""Deciding about one stopped subject, and what was decided lately."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ml_connector.app.views.desk.choices import Choice, choices
from ml_connector.app.views.words import Chip, state_shown, subject_title
from ml_connector.causes.table import Who, who_acts
from ml_connector.ledger import story as books
from ml_connector.ledger.decisions import decided_lately
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind, Role

MOST_LATELY: Final = 10


class Deciding(msgspec.Struct, frozen=True, kw_only=True):
    """A subject about which somebody decides.

    Attributes:
        choices: what may be decided; none where it has gone on meanwhile.
    """

    id: int
    connection: str
    flow: str
    key: str
    title: str
    chip: Chip
    word: str
    cause: str
    sentence: str
    remedy: str
    who: Who
    choices: tuple[Choice, ...]

    @property
    def path(self) -> str:
        """The address below which it is decided."""
        return f"/subjects/{self.id}"

    @property
    def story(self) -> str:
        """The address of its story."""
        return self.path

    @property
    def afterwards(self) -> str:
        """What comes of it once it is decided, or a decision is taken back."""
        return f"{self.title} runs again now."


class DecidedLately(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of late.

    Attributes:
        subject_id: of what it is about; None where that is no subject, such as a difference.
    """

    id: int
    connection: str
    flow: str
    title: str
    subject_id: int | None
    kind: DecisionKind
    says: str
    note: str
    person: str
    made_at: datetime
    taken_back_by: str


async def deciding(
    on: Connection, names: Sequence[str], subject_id: int, *, role: Role
) -> Deciding | None:
    """Return a subject with what may be decided about it; None where there is no such subject."""
    subject = await books.subject(on, subject_id)
    if subject is None or subject["connection"] not in names:
        return None
    shown = state_shown(subject["state"], subject["attempt"])
    cause = subject["cause"] or ""
    return Deciding(
        id=subject["id"],
        connection=subject["connection"],
        flow=subject["flow"],
        key=subject["key"],
        title=subject_title(subject["flow"], subject["key"]),
        chip=shown.chip,
        word=shown.word,
        cause=cause,
        sentence=subject["sentence"] or "",
        remedy=subject["remedy"] or "",
        who=who_acts(cause, subject["state"]),
        choices=choices(
            subject["flow"], subject["state"], cause, tuple(subject["waiting_for"]), role
        ),
    )


async def lately(on: Connection, names: Sequence[str]) -> tuple[DecidedLately, ...]:
    """Return what was decided lately, the newest first."""
    return tuple(
        DecidedLately(
            id=row["id"],
            connection=row["connection"],
            flow=row["flow"],
            title=subject_title(row["flow"], row["key"]),
            subject_id=row["subject_id"],
            kind=DecisionKind(row["kind"]),
            says=" ".join(part for part in (row["kind"], row["document"], row["value"]) if part),
            note=row["note"],
            person=row["person"],
            made_at=row["made_at"],
            taken_back_by=row["taken_back_by"] or "",
        )
        for row in await decided_lately.newest(on, names, limit=MOST_LATELY)
    )
