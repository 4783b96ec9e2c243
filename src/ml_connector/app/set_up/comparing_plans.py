"""Counting how plans differ by what a policy says. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.app.set_up.sentences import POLICIES, PolicySentence
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.ledger.postings.documents import Document, Plan
from ml_connector.words import DocumentKind

_TWO: Final = 2
_MARKS: Final = frozenset({DocumentKind.WRO_MARK, DocumentKind.TRACKING_MARK})
"""What only tells ShipBob that something is booked: no document to a person."""


class PlannedFact(NamedTuple):
    """What was read of one subject."""

    flow: Flow
    facts: Any


class FlowTried(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at of a flow.

    Attributes:
        facts: that were read.
        not_read: that were listed and not read: the calls were spent, or something failed.
        failure: why, where not for the calls.
    """

    flow: str
    facts: int
    not_read: int
    failure: str = ""


class ChoiceTried(msgspec.Struct, frozen=True, kw_only=True):
    """What a choice would have done to the facts for which the policy matters.

    Attributes:
        documents: that would have been made of them.
        units: in these documents, beyond what all choices book alike.
        waits: facts that would have stopped.
    """

    value: str
    documents: int
    units: int
    waits: int


class PolicyTried(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy would have done.

    Attributes:
        policy: its key under ``[policies]``.
        facts: for which it matters: its choices lead to different plans.
        before_start: those of them that are older than the start date, and so are not posted.
    """

    policy: str
    facts: int
    before_start: int
    choices: tuple[ChoiceTried, ...]

    def of(self, value: str) -> ChoiceTried | None:
        """Return what one choice would have done."""
        return next((one for one in self.choices if one.value == value), None)


class WouldWait(msgspec.Struct, frozen=True, kw_only=True):
    """Facts that would have stopped whatever these policies say, or as they are chosen.

    Attributes:
        cause: the stable code.
        says: of one of them.
        remedy: of one of them.
    """

    cause: str
    facts: int
    says: str
    remedy: str


class RulesTried(msgspec.Struct, frozen=True, kw_only=True):
    """Recent facts, planned by the policies.

    Attributes:
        calls: to both systems.
        start_date: before which facts count as older.
        documents: that would be made as the policies are chosen, of facts since then.
        before_start: facts that are older.
        waits: by cause, as the policies are chosen, of facts since then.
    """

    calls: int
    start_date: date
    flows: tuple[FlowTried, ...]
    policies: tuple[PolicyTried, ...]
    documents: int
    before_start: int
    waits: tuple[WouldWait, ...]

    def of(self, policy: str) -> PolicyTried | None:
        """Return what one policy would have done."""
        return next((one for one in self.policies if one.policy == policy), None)


class _Outcome(NamedTuple):
    """What comes of a fact.

    Attributes:
        documents: what tells them apart, with the units they move.
        failure: why it stops, wholly or in part.
    """

    documents: tuple[tuple[str, int], ...]
    failure: ConnectorError | None

    @property
    def told(self) -> tuple[object, ...]:
        return (self.documents, None if self.failure is None else self.failure.cause)

    @property
    def units(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for what, units in self.documents:
            found[what.split("|")[0]] += units
        return found


def count_tried(
    facts: Sequence[PlannedFact],
    settings: ConnectionSettings,
    flows: Sequence[FlowTried],
    *,
    calls: int,
) -> RulesTried:
    """Plan each fact as each choice of each policy would have it, and count.

    Args:
        facts: of subjects of which nothing is posted.
        settings: of the draft, with its start date.
        flows: what was looked at.
        calls: that it took.
    """
    if settings.start_date is None:
        raise ValueError("facts are older than something only with a start date")
    older = [_is_older(one, settings) for one in facts]
    since = [one for one, old in zip(facts, older, strict=True) if not old]
    chosen = [_outcome(one, settings) for one in since]
    return RulesTried(
        calls=calls,
        start_date=settings.start_date,
        flows=tuple(flows),
        policies=tuple(
            _policy(key, sentence, facts, older, settings) for key, sentence in POLICIES.items()
        ),
        documents=sum(len(one.documents) for one in chosen),
        before_start=sum(older),
        waits=_waits(chosen),
    )


def _policy(
    key: str,
    sentence: PolicySentence,
    facts: Sequence[PlannedFact],
    older: Sequence[bool],
    settings: ConnectionSettings,
) -> PolicyTried:
    touched: list[tuple[dict[str, _Outcome], bool]] = []
    for one, old in zip(facts, older, strict=True):
        if one.flow.name not in sentence.flows:
            continue
        outcomes = {
            value: _outcome(one, _with(settings, key, value)) for value in sentence.choices
        }
        if len({outcome.told for outcome in outcomes.values()}) > 1:
            touched.append((outcomes, old))
    return PolicyTried(
        policy=key,
        facts=len(touched),
        before_start=sum(old for _, old in touched),
        choices=tuple(
            _choice(value, [outcomes for outcomes, _ in touched]) for value in sentence.choices
        ),
    )


def _choice(value: str, touched: Sequence[Mapping[str, _Outcome]]) -> ChoiceTried:
    return ChoiceTried(
        value=value,
        documents=sum(len(one[value].documents) for one in touched),
        units=sum(_beyond(value, one) for one in touched),
        waits=sum(one[value].failure is not None for one in touched),
    )


def _beyond(value: str, outcomes: Mapping[str, _Outcome]) -> int:
    """Return the units that a choice books and not all that book anything book alike."""
    own = outcomes[value].units
    booking = [one.units for one in outcomes.values() if one.documents]
    if len(booking) < _TWO:
        return own.total()
    alike = booking[0]
    for other in booking[1:]:
        alike &= other
    return (own - alike).total()


def _with(settings: ConnectionSettings, key: str, value: str) -> ConnectionSettings:
    """Return the settings with another policy; of all facts, however old."""
    policies = settings.policies.model_copy(update={key: value})
    return settings.model_copy(update={"policies": policies, "start_date": None})


def _is_older(one: PlannedFact, settings: ConnectionSettings) -> bool:
    """Return whether the start date is why nothing comes of a fact."""
    everything = settings.model_copy(update={"start_date": None})
    return _outcome(one, settings).told != _outcome(one, everything).told


def _outcome(one: PlannedFact, settings: ConnectionSettings) -> _Outcome:
    try:
        plan: Plan = one.flow.plan(one.facts, (), settings)
    except ConnectorError as error:
        return _Outcome((), error)
    return _Outcome(tuple(_told(plan.documents)), plan.remaining_failure)


def _told(documents: Sequence[Document]) -> Iterator[tuple[str, int]]:
    for document in documents:
        if document.kind in _MARKS:
            continue
        units = sum(abs(line.quantity or 0) for line in document.lines)
        days = ",".join(sorted({str(line.posting_date) for line in document.lines}))
        yield f"{document.kind}|{document.external_id}|{days}", units


def _waits(outcomes: Sequence[_Outcome]) -> tuple[WouldWait, ...]:
    by_cause: dict[str, list[ConnectorError]] = {}
    for one in outcomes:
        if one.failure is not None:
            by_cause.setdefault(one.failure.cause.value, []).append(one.failure)
    return tuple(
        WouldWait(cause=cause, facts=len(errors), says=str(errors[0]), remedy=errors[0].remedy)
        for cause, errors in sorted(by_cause.items(), key=lambda each: (-len(each[1]), each[0]))
    )
