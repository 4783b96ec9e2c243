"""Flows: a flow is a business rule made of ``read`` and ``plan``."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable
from ml_connector.engine.found import FoundRecord
from ml_connector.ledger.postings.documents import Document, Plan, Posted, RefusedUnits, SourceLine
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.webhooks.topics import subject_id
from ml_connector.transport.spoiled import SpoiledRow
from ml_connector.words import DocumentKind, ExternalIdPrefix, Source


class SweepResult(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that the source has, as a sweep sees it.

    Attributes:
        key: of the subject.
        version: names this state of it: two events with the same version are one; empty:
            each is news.
        changed_at: when the source last changed it; None when it does not say by a clock
            that can be compared with ours.
        within: the larger thing at the source that it is read with; see ``Flow.within_of``.
        over: by what the source says, nothing more is to come of it.
        shown: what the source shows of it here, for the flow's ``look``; None: nothing.
    """

    key: str
    version: str = ""
    changed_at: datetime | None = None
    within: str | None = None
    over: bool = False
    shown: Any = None


class LastDecision(NamedTuple):
    """What the last run of a subject saw and decided.

    Attributes:
        facts: what it saw, as the flow's struct.
        documents: what it decided, whatever came of it.
        posted: the subject's documents that exist by now.
    """

    facts: Any
    documents: Sequence[Document]
    posted: Sequence[Posted]


class LookAgain(NamedTuple):
    """A subject that a sweep found and that has run before.

    Attributes:
        full: whether to ask both systems, and not only the one that is swept.
    """

    seen: SweepResult
    last: LastDecision
    settings: ConnectionSettings
    full: bool


class Looked(NamedTuple):
    """A subject as it is now.

    Attributes:
        facts: what a plan would see. What makes a document of today differ from the same one of
            the last run, such as the time of reading, is as it was then.
        must_run: it is to run whatever would be planned.
        version: names the difference for which it must run, so that it runs for it once; empty:
            it runs again after each run.
    """

    facts: Any
    must_run: bool = False
    version: str = ""


Appeared = Callable[[Reads, Collection[str]], Awaitable[Collection[str]]]
"""Returns those of the awaited things of one kind, by name, that are there now."""


@dataclass(frozen=True, kw_only=True)
class Waking:
    """How subjects that wait for one kind of thing are woken.

    Attributes:
        kind: of the thing.
        appeared: looks whether such things are there now; None: nothing can be looked at.
        apart: how long one look is after another at the least, where looking costs a limit.
        by_applying: a person may have brought it about before applying the connection again.
        by_signing_in: it may be there once the credentials of a system work again.
    """

    kind: AwaitedKind
    appeared: Appeared | None = None
    apart: timedelta = timedelta(0)
    by_applying: bool = False
    by_signing_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the month-end report.

    Attributes:
        key: in CSV, JSON and sheet names.
        title: for people.
        facts: for people, what the facts of its flow are called; its lines are accounted for
            whatever documents they become.
        kinds: the documents of its flow that belong here; empty for all of them.
        types: NetSuite's transaction types that others' movements of this kind have.
        from_returns: of item receipts, those made from return authorizations; None: any.
        money: whether it compares money instead of units.
        open_facts: whether what is not posted of its flow is shown here.
        never_posted: words of the reason for which lines are refused that belong here, and no
            other line does; empty for a section of anything else.
    """

    key: str
    title: str
    facts: str = ""
    kinds: frozenset[DocumentKind] = frozenset()
    types: frozenset[str] = frozenset()
    from_returns: bool | None = None
    money: bool = False
    open_facts: bool = True
    never_posted: str = ""


def _of_no_subject(_row: SpoiledRow) -> str | None:
    return None


def _of_nothing(_topic: str, _body: bytes) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, eq=False)  # there is one of each; it can be a key
class Flow:
    """One business rule.

    Attributes:
        name: the word that commands and filters use, such as ``receiving``.
        source: the word for its subject, such as ``wro``.
        topics: ShipBob's webhook topics that concern it.
        unhurried: those of its topics of which nothing is to be booked yet, and many come at
            once: their subjects are read together.
        key_of: which subject a webhook concerns, by its topic and raw body; None when it does
            not say. Never raises.
        within_of: the larger thing at the source that the subject of a webhook is part of, and
            by which many can be read at once, such as a shipment's order. Never raises.
        rules: version of the rules; raised whenever ``plan`` decides something else for
            the same facts.
        facts: the struct that ``read`` returns and a run keeps.
        read: gathers everything the decision needs; the only input and output of a flow, but
            for ``confirm``.
        confirm: looks at the source again where facts can't be believed at once, beside what is
            posted, such as a quantity below what is booked. None: they always are.
        plan: facts, what is posted already and the connection's settings in, documents
            out. Pure. Raises one of the foreseen failures when something is missing.
        source_lines: all lines of the source that the facts show and that must end posted,
            waiting or refused; none for a flow that moves neither stock nor money. Pure.
        switch: the key under ``[flows]`` that switches it off; empty: its name.
        always_refused: what is not posted on purpose even where nothing can be planned: what
            earlier plans refused beside that counts no more then. None: nothing. Pure.
        schedule: the key under ``[schedule]`` that says when it is swept.
        look_back: the age of the oldest changes that a scheduled sweep looks at.
        missing: why the source has no subject of this key, in a sentence; empty where it has
            one. It is asked before a person lets a subject run of which nothing has told yet, so
            that a mistyped number is kept nowhere.
        sweep: yields all subjects of the source that changed since a moment, so that those
            are found of which no webhook told; the keys it is given are of subjects that once
            led to a document.
        sweep_part: yields what a scheduled sweep looks at, which stands for the time between two
            moments: what ``sweep`` does, but of very many subjects only a part, and a part of
            ``net``, as large as that time is of a day. So it ends within its interval, and all
            of the net is looked at once a day. None: it always looks at all.
        net: yields all that scheduled sweeps look at in a day, as a month end does: whatever
            ``plan`` would book or show is in it, which a test compares. None: ``sweep`` yields
            it.
        poll: yields the subjects that changed since a moment by the source's own clock, and
            those of the given keys that are gone: fewer than a sweep sees, and sooner done.
            None: it is always swept.
        look: reads a subject that has run before once more, for a sweep: it runs again where
            the plan would now be another one. Returns None where it can't be. A subject runs
            again as well when the source says by a comparable clock that it changed.
        clock: the source's own time; None when the source does not say it.
        pushes: its runs write to ShipBob alone, and a sweep finds many at once, of which nobody
            waits for a single one: they are spread over ShipBob's limit.
        spoils: which subject a row that can't be read is of, so that it gets an event whose run
            shows what is wrong; None where the row does not say it. Never raises.
        event_source: the source of the events that a sweep makes: ``schedule`` where no
            webhook could have told of them.
        details: rows with the same keys that commands print of the facts, beside documents;
            None: nothing. Pure.
        documents: the sorts of document that it makes, by how their external ids begin.
        found_document: the document that a record of ours in NetSuite is which the books lack,
            such as after a restore, by the facts of its subject and what is posted of it. None:
            it makes no records there. Pure. Raises where it can't be told what it holds.
        wakings: the kinds of thing that its stopped subjects wait for, and how it is seen
            that one has appeared; those that every flow may wait for are not repeated here
            (``rules.wakings.wake``).
        sections: its parts of the month-end report.
        decidable: what people may decide about its stopped subjects; None: nothing.
        has_numbers: whether its subjects are known by whole numbers of a system.
        looks_again: whether its stopped subjects are looked at now and then. One that its
            schedule reads whole each time need not be.
    """

    name: str
    source: str
    topics: frozenset[str]
    unhurried: frozenset[str] = frozenset()
    key_of: Callable[[str, bytes], str | None] = subject_id
    within_of: Callable[[str, bytes], str | None] = _of_nothing
    rules: str
    facts: type[msgspec.Struct]
    read: Callable[[str, Reads], Awaitable[Any]]
    confirm: Callable[[Any, Sequence[Posted], Reads], Awaitable[Any]] | None = None
    plan: Callable[[Any, Sequence[Posted], ConnectionSettings], Plan]
    source_lines: Callable[[Any, ConnectionSettings], Sequence[SourceLine]]
    switch: str = ""
    always_refused: Callable[[Any, ConnectionSettings], Sequence[RefusedUnits]] | None = None
    schedule: Literal["sweep", "purchase_orders", "billing", "inventory"] = "sweep"
    look_back: timedelta = timedelta(days=60)
    missing: Callable[[str, Reads], Awaitable[str]]
    sweep: Callable[[Reads, datetime, Collection[str]], AsyncIterator[SweepResult]]
    sweep_part: (
        Callable[
            [Reads, datetime, Collection[str], tuple[datetime, datetime]],
            AsyncIterator[SweepResult],
        ]
        | None
    ) = None
    net: Callable[[Reads, datetime, Collection[str]], AsyncIterator[SweepResult]] | None = None
    poll: Callable[[Reads, str, Collection[str]], AsyncIterator[SweepResult]] | None = None
    look: Callable[[LookAgain, Reads], Awaitable[Looked | None]] | None = None
    clock: Callable[[Reads], Awaitable[str | None]] | None = None
    spoils: Callable[[SpoiledRow], str | None] = _of_no_subject
    event_source: Source = "sweep"
    pushes: bool = False
    details: Callable[[Any, ConnectionSettings], Sequence[Mapping[str, Any]]] | None = None
    documents: frozenset[ExternalIdPrefix] = frozenset()
    found_document: (
        Callable[[Any, FoundRecord, Sequence[Posted], ConnectionSettings], Document] | None
    ) = None
    wakings: tuple[Waking, ...] = ()
    sections: tuple[Section, ...] = ()
    decidable: Decidable | None = None
    has_numbers: bool = True
    looks_again: bool = True

    @property
    def switched_by(self) -> str:
        """The key under ``[flows]`` that switches it off."""
        return self.switch or self.name.replace("-", "_")

    @property
    def widest_sweep(
        self,
    ) -> Callable[[Reads, datetime, Collection[str]], AsyncIterator[SweepResult]]:
        """What yields all that scheduled sweeps look at in a day."""
        return self.net or self.sweep

    def is_off(self, flows_off: Collection[str]) -> bool:
        """Return whether it is one of the flows that are off, by their keys under ``[flows]``."""
        return self.switched_by in flows_off

    async def facts_beside(self, posted: Sequence[Posted], key: str, reads: Reads) -> Any:
        """Return the facts of a subject as ``plan`` takes them, beside what is posted of it."""
        facts = await self.read(key, reads)
        return facts if self.confirm is None else await self.confirm(facts, posted, reads)


Flows = Mapping[str, Flow]
"""The flows of this build, by name."""


def topics_of(flows: Flows) -> dict[str, Flow]:
    """Return which flow each handled webhook topic concerns."""
    return {topic: flow for flow in flows.values() for topic in flow.topics}
