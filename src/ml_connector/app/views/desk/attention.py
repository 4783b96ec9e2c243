"""What needs a person: stopped subjects by cause and by what they wait for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.app.views.desk.choices import Choice, choices
from ml_connector.app.views.desk.names import counted_subjects, group_title, in_words
from ml_connector.app.views.paging import Listed, listed
from ml_connector.app.views.words import Chip, state_shown, subject_title
from ml_connector.causes.table import Who, stops, who_acts
from ml_connector.ledger.conservation.equation import UNITS
from ml_connector.ledger.conservation.missing import missing
from ml_connector.ledger.decisions import assignments
from ml_connector.ledger.decisions.assignments import Assignment
from ml_connector.ledger.inbox import stopped
from ml_connector.ledger.inbox.stopped import Order, StoppedFilter, StoppedSubject, WaitingGroup
from ml_connector.storage.database import Connection
from ml_connector.words import Role

GROUPS_A_PAGE: Final = 15
SHOWN_OF_A_GROUP: Final = 3
_MOST_SUMMED: Final = 600
"""What is missing is summed over so many subjects of one page at most."""

_MOST_CURES: Final = 20


class AttentionWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of it; an attribute that is empty excludes nothing.

    Attributes:
        who: can act.
        assigned: to whom it was given; ``nobody``: to nobody.
    """

    who: str = ""
    cause: str = ""
    flow: str = ""
    assigned: str = ""
    order: Order = "oldest"


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount, with its digits as they are."""

    currency: str
    amount: str


class AttentionSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One stopped subject.

    Attributes:
        units: that are neither posted nor refused; None where none are, or where it was not
            summed.
        assigned_to: who sees to it; empty for nobody.
    """

    id: int
    connection: str
    flow: str
    key: str
    title: str
    sentence: str
    remedy: str
    since: datetime
    units: int | None
    money: tuple[Money, ...]
    assigned_to: str
    note: str


class AttentionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Stopped subjects of one cause that wait for the same thing.

    Attributes:
        thing: such as ``sku:NEW-7731-XL``; empty where it has no name.
        word: its state as people read it, and ``chip`` how it is coloured.
        who: can act.
        counted: how many, with their noun, such as ``3 WROs``.
        ids: of the first 200 of its subjects.
        subjects: the first three of them.
        units: neither posted nor refused, as of an ``AttentionSubject``, of the whole group.
        choices: what may be decided about each of them.
        assigned_to: who sees to it, where one person sees to all that are named; else empty.
    """

    id: str
    connection: str
    flow: str
    state: str
    chip: Chip
    word: str
    cause: str
    cause_in_words: str
    thing: str
    title: str
    sentence: str
    remedy: str
    who: Who
    count: int
    counted: str
    oldest: datetime
    units: int | None
    money: tuple[Money, ...]
    ids: tuple[int, ...]
    subjects: tuple[AttentionSubject, ...]
    choices: tuple[Choice, ...]
    assigned_to: str
    note: str


class Cure(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried again by itself, those of one flow and cause together."""

    connection: str
    flow: str
    cause: str
    cause_in_words: str
    counted: str
    sentence: str
    subject_id: int
    key: str
    title: str
    attempts: int
    due_at: datetime | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many groups there are: in all, by who can act, by cause, and given to one person."""

    all: int
    who: dict[str, int]
    causes: dict[str, int]
    mine: int


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """The page."""

    groups: Listed[AttentionGroup]
    counts: Counts
    cures: tuple[Cure, ...]


async def attention(
    on: Connection,
    names: Sequence[str],
    wanted: AttentionWanted,
    *,
    person: str,
    role: Role,
    after: str | None = None,
    limit: int = GROUPS_A_PAGE,
) -> Attention:
    """Return what needs a person, with how many there are and what cures itself.

    Args:
        on: for reading.
        names: of the connections to look in.
        wanted: which of it.
        person: who looks.
        role: of that person.
        after: where the page before it ended.
        limit: groups at most.

    Raises:
        ValueError: ``after`` is none of ours.
    """
    groups = await attention_groups(on, names, wanted, role=role, after=after, limit=limit)
    cures = await stopped.cures_itself(on, names, limit=_MOST_CURES)
    return Attention(
        groups=groups,
        counts=await _counts(on, names, person),
        cures=tuple(_cure(row) for row in cures),
    )


async def attention_groups(
    on: Connection,
    names: Sequence[str],
    wanted: AttentionWanted,
    *,
    role: Role,
    after: str | None = None,
    limit: int = GROUPS_A_PAGE,
    group: str | None = None,
) -> Listed[AttentionGroup]:
    """Return groups alone; arguments as for ``attention``.

    Raises:
        ValueError: ``after`` is none of ours.
    """
    found = await stopped.groups(
        on,
        names,
        _filter(wanted, group),
        order=wanted.order,
        after=_place(after),
        limit=limit + 1,
    )
    page = listed(found, limit, lambda one: f"{_measure(one, wanted.order)}~{one.id}")
    ids = [subject for one in page.rows for subject in one.subjects][:_MOST_SUMMED]
    rest = await missing(on, names, ids)
    given = await assignments.of_subjects(on, ids)
    shown = [subject for one in page.rows for subject in one.subjects[:SHOWN_OF_A_GROUP]]
    known = await stopped.first_members(on, shown)
    return Listed(
        rows=tuple(
            _group(one, known, rest if _is_summed(one, ids) else {}, given, role)
            for one in page.rows
        ),
        after=page.after,
    )


async def attention_subjects(
    on: Connection,
    names: Sequence[str],
    group: str,
    *,
    after: str | None = None,
    limit: int = 50,
) -> Listed[AttentionSubject]:
    """Return the subjects of one group, the oldest first.

    Raises:
        ValueError: ``after`` is none of ours.
    """
    place = _place(after)
    found = await stopped.members(
        on,
        names,
        group,
        after=(place[0], int(place[1])) if place else None,
        limit=limit + 1,
    )
    page = listed(found, limit, lambda one: f"{one.since.isoformat()}~{one.subject_id}")
    ids = [one.subject_id for one in page.rows]
    rest = await missing(on, names, ids)
    given = await assignments.of_subjects(on, ids)
    return Listed(
        rows=tuple(
            _subject(one, rest.get(one.subject_id), given.get(one.subject_id)) for one in page.rows
        ),
        after=page.after,
    )


def _filter(wanted: AttentionWanted, group: str | None = None) -> StoppedFilter:
    return StoppedFilter(
        stops=_stops_of(wanted.who) if wanted.who else None,
        cause=wanted.cause or None,
        flow=wanted.flow or None,
        person="" if wanted.assigned == "nobody" else wanted.assigned or None,
        group=group,
    )


def _stops_of(who: str) -> set[tuple[str, str]]:
    """Return the causes and states about which somebody can act."""
    known = {(one.cause.value, one.status) for one in stops() if one.status in {"parked", "dead"}}
    return {(cause, state) for cause, state in known if who_acts(cause, state) == who}


def _place(after: str | None) -> tuple[str, str] | None:
    if not after:
        return None
    at, found, last = after.rpartition("~")
    if not found or not at:
        raise ValueError(after)
    return at, last


def _is_summed(one: WaitingGroup, ids: Collection[int]) -> bool:
    """Return whether what is missing was summed over the whole group."""
    return one.count == len(one.subjects) and set(one.subjects) <= set(ids)


def _measure(one: WaitingGroup, order: Order) -> str:
    if order == "most":
        return str(one.count)
    return (one.oldest if order == "oldest" else one.newest).isoformat()


async def _counts(on: Connection, names: Sequence[str], person: str) -> Counts:
    found = await stopped.counted(on, names, StoppedFilter())
    mine = await stopped.counted(on, names, StoppedFilter(person=person)) if person else []
    who: dict[str, int] = {}
    causes: dict[str, int] = {}
    for row in found:
        acts = who_acts(row["cause"], row["state"])
        who[acts] = who.get(acts, 0) + row["count"]
        causes[row["cause"]] = causes.get(row["cause"], 0) + row["count"]
    return Counts(
        all=sum(who.values()),
        who=who,
        causes=dict(sorted(causes.items())),
        mine=sum(row["count"] for row in mine),
    )


def _group(
    one: WaitingGroup,
    known: Mapping[int, StoppedSubject],
    missing: Mapping[int, Mapping[str, Decimal]],
    given: Mapping[int, Assignment],
    role: Role,
) -> AttentionGroup:
    units, money = _summed([missing.get(subject, {}) for subject in one.subjects])
    first = given.get(one.subjects[0])
    people = {given[subject].person if subject in given else "" for subject in one.subjects}
    return AttentionGroup(
        id=one.id,
        connection=one.connection,
        flow=one.flow,
        state=one.state,
        chip=state_shown(one.state).chip,
        word=state_shown(one.state).word,
        cause=one.cause,
        cause_in_words=in_words(one.cause),
        thing=one.thing,
        title=group_title(one.cause, one.thing),
        sentence=one.sentence,
        remedy=one.remedy,
        who=who_acts(one.cause, one.state),
        count=one.count,
        counted=counted_subjects(one.flow, one.count),
        oldest=one.oldest,
        units=units,
        money=money,
        ids=one.subjects,
        subjects=tuple(
            _subject(known[subject], missing.get(subject), given.get(subject))
            for subject in one.subjects[:SHOWN_OF_A_GROUP]
            if subject in known
        ),
        choices=choices(one.flow, one.state, one.cause, (one.thing,) if one.thing else (), role),
        assigned_to=first.person if first and len(people) == 1 else "",
        note=first.note if first and len(people) == 1 else "",
    )


def _subject(
    one: StoppedSubject,
    missing: Mapping[str, Decimal] | None,
    given: Assignment | None,
) -> AttentionSubject:
    units, money = _summed([missing or {}])
    return AttentionSubject(
        id=one.subject_id,
        connection=one.connection,
        flow=one.flow,
        key=one.key,
        title=subject_title(one.flow, one.key),
        sentence=one.sentence,
        remedy=one.remedy,
        since=one.since,
        units=units,
        money=money,
        assigned_to=given.person if given else "",
        note=given.note if given else "",
    )


def _summed(measured: Sequence[Mapping[str, Decimal]]) -> tuple[int | None, tuple[Money, ...]]:
    """Return what is missing of several subjects: units, and money by currency."""
    total: dict[str, Decimal] = {}
    for one in measured:
        for measure, amount in one.items():
            total[measure] = total.get(measure, Decimal()) + amount
    units = total.pop(UNITS, None)
    return (
        int(units) if units is not None else None,
        tuple(
            Money(currency=currency, amount=f"{amount:f}")
            for currency, amount in sorted(total.items())
            if amount
        ),
    )


def _cure(row: Mapping[str, Any]) -> Cure:
    return Cure(
        connection=row["connection"],
        flow=row["flow"],
        cause=row["cause"],
        cause_in_words=in_words(row["cause"]),
        counted=counted_subjects(row["flow"], row["count"]),
        sentence=row["sentence"] or "",
        subject_id=row["subject_id"],
        key=row["key"],
        title=subject_title(row["flow"], row["key"]),
        attempts=row["attempts"],
        due_at=row["due_at"],
    )
