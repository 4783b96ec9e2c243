"""Which decisions people have, by the flow and the cause of a stop. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.app.operations.decisions import mapping
from ml_connector.engine.decisions import Offers
from ml_connector.engine.flow import Flow
from ml_connector.engine.unread import UNREAD
from ml_connector.flows import FLOWS
from ml_connector.words import Cause, DecisionKind

STOPPED: Final = frozenset({"parked", "dead"})

_MAY_RUN_AGAIN: Final = frozenset({"retrying", "done"})
"""States in which nothing has stopped, and a person may let it run again all the same."""


_OF_A_RECORD: Final[Offers] = {Cause.POSTED_DOCUMENT_DIFFERS: (DecisionKind.ACCEPT,)}
"""Where a record is there that is not what was meant: in NetSuite, or a WRO at ShipBob."""


_PLACES: Final[Mapping[DecisionKind, int]] = MappingProxyType(
    {DecisionKind.MAP: 0, DecisionKind.NOT_OURS: 2, DecisionKind.AGAIN: 3}
)
_ITS_FLOWS_PLACE: Final = 1


def what_cures_first(kinds: Iterable[DecisionKind]) -> tuple[DecisionKind, ...]:
    """Return decisions in the order in which people are offered them. Pure.

    First what ends the cause, for this subject and all like it; then what says where its units
    are, as its flow orders it; then that it is refused; last that it is tried once more.
    """
    return tuple(sorted(kinds, key=lambda one: _PLACES.get(one, _ITS_FLOWS_PLACE)))


def offers_of(flow: Flow) -> Offers:
    """Return which decisions people have about the subjects of a flow, by cause, but ``again``.

    That they have always.
    """
    own = {
        **dict.fromkeys(UNREAD, (DecisionKind.ACCEPT,)),
        **(_OF_A_RECORD if flow.found_document or flow.pushes else {}),
        **(flow.decidable.offers if flow.decidable else {}),
    }
    causes = (*own, *(one for one in Cause if one not in own and mapping.maps(flow.name, one)))
    return {
        one: what_cures_first(
            (
                *own.get(one, ()),
                *((DecisionKind.MAP,) if mapping.maps(flow.name, one) else ()),
            )
        )
        for one in causes
    }


def decided_by_people() -> tuple[DecisionKind, ...]:
    """Return all decisions that people have about some subject."""
    known = {
        kind for flow in FLOWS.values() for kinds in offers_of(flow).values() for kind in kinds
    }
    return tuple(kind for kind in DecisionKind if kind in known or kind is DecisionKind.AGAIN)


def offered(flow: str | None, state: str | None, cause: str | None) -> tuple[DecisionKind, ...]:
    """Return which decisions a person has about a subject.

    About one that has not stopped only that it runs again, and that a document beside its own is
    another matter; none while it is in a run.
    """
    known = FLOWS.get(flow or "")
    if known is not None and state in _MAY_RUN_AGAIN:
        separates = known.decidable is not None and known.decidable.separates_copies
        return (
            DecisionKind.AGAIN,
            *((DecisionKind.SEPARATE,) if separates and state == "done" else ()),
        )
    if known is None or state not in STOPPED:
        return ()
    return (
        *(offers_of(known).get(Cause(cause), ()) if cause in set(Cause) else ()),
        DecisionKind.AGAIN,
    )
