"""Whether NetSuite answers the queries of the flows: each is sent, with no rows wanted.

So a table, a column or a permission that is missing shows before the first event, with the flow
that it stops. Assumptions: NS-017.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ml_connector.app.connections.checks import Check, Outcome, outcome_of
from ml_connector.app.ping.running import Probe, stopped
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, Retryable
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.permissions import ROLE_PAGE
from ml_connector.netsuite.questions import MONTH_END, Question, questions, unmatched

_REMEDY = (
    "Let the integration role see it (its permissions, and the account's features), or switch the"
    f" flow off under [flows]. {ROLE_PAGE}"
)


class _Refused(NamedTuple):
    question: Question
    error: ConnectorError


def query_probes(client: NetSuite, settings: ConnectionSettings) -> list[Probe]:
    """Return a probe for all queries about the same."""
    rules = settings.policies.order_rules
    every = [*rules.default, *(one for own in rules.by_channel.values() for one in own)]
    off = settings.flows_off
    by_subject: dict[str, list[Question]] = {}
    for one in questions(off, [rule.field for rule in every]):
        by_subject.setdefault(one.about, []).append(one)
    return [
        Probe(
            name=f"query {about}",
            ask=partial(_ask, client, about, asked, off),
            needed=any(_stops(one, off) for one in asked),
            only_when_forbidden=True,
        )
        for about, asked in by_subject.items()
    ]


async def _ask(
    client: NetSuite, about: str, asked: Sequence[Question], off: frozenset[str]
) -> Sequence[Check]:
    """Send queries in turn; what is refused becomes one check."""
    refused = [one for question in asked if (one := await _refused(client, question))]
    if not refused:
        count = f"{len(asked)} queries" if len(asked) > 1 else "1 query"
        return [_check(about, "ok", f"{count} can be asked", needed=bool(_needing(asked, off)))]
    clear = [one for one in refused if not isinstance(one.error, Retryable)]
    first = (clear or refused)[0].error
    stops = _needing([one.question for one in clear], off)
    told = dict.fromkeys(str(one.error) for one in refused)
    return [
        _check(
            about,
            outcome_of(first),
            "; ".join([*told, *_consequences(clear)]) + stopped(stops),
            remedy=_REMEDY if isinstance(first, UnknownIdentifier) else first.remedy,
            needed=bool(stops),
        )
    ]


async def _refused(client: NetSuite, question: Question) -> _Refused | None:
    for text in filter(None, (question.text, question.instead)):
        query, params = unmatched(text)
        try:
            await client.query.look(query, params, operation="suiteql.look")
        except UnknownIdentifier as error:
            found = _Refused(question, error)
        except ConnectorError as error:
            return _Refused(question, error)
        else:
            return None
    return found


def _stops(question: Question, off: frozenset[str]) -> bool:
    """Whether a flow that is on stops where a query can't be asked."""
    return not question.without and bool(question.flows - off - MONTH_END)


def _needing(asked: Sequence[Question], off: frozenset[str]) -> set[str]:
    """Return the flows that stop where these can't be asked."""
    return {flow for one in asked if _stops(one, off) for flow in one.flows - off}


def _consequences(refused: Sequence[_Refused]) -> Iterator[str]:
    yield from dict.fromkeys(one.question.without for one in refused if one.question.without)


def _check(about: str, outcome: Outcome, found: str, *, remedy: str = "", needed: bool) -> Check:
    return Check(
        system="netsuite",
        name=f"query {about}",
        outcome=outcome,
        found=found,
        remedy=remedy,
        needed=needed,
    )
