"""How far a connection is set up: its steps, what both systems showed last, what is proposed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.comparing_plans import RulesTried
from ml_connector.app.set_up.draft_tokens import PAIR, channel_name
from ml_connector.app.set_up.looking import Seen
from ml_connector.app.set_up.misfits import Misfit, misfits
from ml_connector.app.set_up.plan_ahead import PlanAhead
from ml_connector.app.set_up.proposals import AddressedPlace, CenterProposal, proposals
from ml_connector.ledger.connections.drafts import Draft
from ml_connector.ledger.people import errands
from ml_connector.ledger.people.errands import Errand
from ml_connector.netsuite.permissions import PERMISSIONS, Permission
from ml_connector.storage.database import Connection

LOOK: Final = "look-at-draft"
APPLY: Final = "apply-draft"
TRY: Final = "try-draft"
PLAN: Final = "plan"

StepState = Literal["done", "wait", "open"]

_MOST_REMEMBERED: Final = 50


class SetUpStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the set-up.

    Attributes:
        key: in addresses.
        says: how it stands, in a few words.
    """

    key: str
    title: str
    state: StepState
    says: str


class SetUpPage(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is being set up.

    Attributes:
        fields: of the secrets that are sealed for it.
        steps: in order.
        seen: what both systems showed last; None before the first look.
        misfits: what would make facts wait, or keep it from being applied.
        tried: what the policies would have done to recent facts; None before that was tried.
        tried_otherwise: whether something was told since.
        work: the newest look, trying or applying, while it is under way.
        failed: the newest of them, where nothing came of it.
        refused: checks of an applying that saved nothing.
        lacks: what is still to be told before it can be applied.
    """

    draft: Draft
    fields: frozenset[str]
    steps: tuple[SetUpStep, ...]
    seen: Seen | None
    centers: tuple[CenterProposal, ...]
    misfits: tuple[Misfit, ...]
    tried: RulesTried | None
    tried_otherwise: bool
    work: Errand | None
    failed: Errand | None
    refused: tuple[dict[str, object], ...]
    lacks: tuple[str, ...]

    def value(self, section: str, key: str, default: str = "") -> str:
        """Return what was told; a stand-in where nothing was."""
        told = self.draft.answers.get(section, {}) if section else self.draft.answers
        return str(told.get(key, default))

    @property
    def subsidiary(self) -> str:
        """Return the subsidiary that was chosen; else the only one that NetSuite lists."""
        listed = self.seen.subsidiaries if self.seen is not None else []
        return self.value("netsuite", "subsidiary") or (listed[0].id if len(listed) == 1 else "")

    @property
    def zone(self) -> str:
        """Return the time zone that was told; else the likeliest by NetSuite's clock, or none."""
        zones = self.seen.zones if self.seen is not None else ()
        return self.value("schedule", "timezone") or next(iter(zones), "")

    @property
    def zone_hint(self) -> str:
        """Return where the zone that is proposed comes from, for a person."""
        zones = self.seen.zones if self.seen is not None else ()
        if not zones:
            return (
                "NetSuite did not tell its zone: look it up under Setup > Company > Company"
                " Information, such as America/Chicago. The day of a fact is the day there"
            )
        others = f", as in {', '.join(zones[1:3])}" if zones[1:] else ""
        return (
            f"By NetSuite's clock it is as late as in {zones[0]}{others}. The day of a fact is the"
            " day there"
        )

    @property
    def channel(self) -> str:
        """Return the channel that was chosen; else the one that the consent has made."""
        told = self.value("shipbob", "channel_id")
        channels = self.seen.channels if self.seen is not None else []
        if told or PAIR not in self.fields:
            return told
        name = channel_name(self.draft.name)
        own = [int(one.id) for one in channels if one.is_writable and one.name == name]
        return str(max(own)) if own else ""


def needed_permissions() -> tuple[Permission, ...]:
    """Return the permissions that the role needs whatever is used."""
    return tuple(one for one in PERMISSIONS if one.use != "rotation")


async def set_up_page(installation: Installation, on: Connection, name: str) -> SetUpPage:
    """Return how far a connection is set up.

    Raises:
        UserError: no such connection is being set up.
    """
    draft = await drafts.found(on, name)
    fields = frozenset(await installation.drafts.fields(name, on=on))
    asked = await _asked(on, draft)
    newest = asked[0] if asked else None
    looked, trial = _last(asked, LOOK), _last(asked, TRY)
    seen = None if looked is None else msgspec.convert(looked.answer, Seen)
    centers = _centers(draft, seen)
    return SetUpPage(
        draft=draft,
        fields=fields,
        steps=_steps(draft, fields, seen),
        seen=seen,
        centers=centers,
        misfits=misfits(draft.answers, seen, centers),
        tried=None if trial is None else msgspec.convert(trial.answer, RulesTried),
        tried_otherwise=trial is not None and draft.changed_at > trial.asked_at,
        work=_if(newest, "waiting", "running"),
        failed=_if(newest, "failed"),
        refused=_refused(newest),
        lacks=tuple(drafts.missing(draft, set(fields))),
    )


def _last(asked: Sequence[Errand], kind: str) -> Errand | None:
    """Return the newest of a kind that was done."""
    return next((one for one in asked if one.kind == kind and one.state == "done"), None)


def _if(errand: Errand | None, *states: str) -> Errand | None:
    """Return an errand that is in one of these states."""
    return errand if errand is not None and errand.state in states else None


def _refused(newest: Errand | None) -> tuple[dict[str, object], ...]:
    done = _if(newest, "done")
    return tuple(done.answer["checks"]) if done is not None and done.kind == APPLY else ()


class GoingLive(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection would post.

    Attributes:
        planned: the newest that is whole; None where nobody has asked yet.
        planned_at: when.
        work: the newest, while it is under way.
        failed: the newest, where nothing came of it.
    """

    planned: PlanAhead | None
    planned_at: datetime | None
    work: Errand | None
    failed: Errand | None


async def going_live(on: Connection, name: str) -> GoingLive:
    """Return what a connection would post, as a worker saw it last."""
    asked = await errands.newest(on, name, PLAN, most=_MOST_REMEMBERED)
    newest = asked[0] if asked else None
    done = _last(asked, PLAN)
    return GoingLive(
        planned=None if done is None else msgspec.convert(done.answer, PlanAhead),
        planned_at=None if done is None else done.ended_at,
        work=_if(newest, "waiting", "running"),
        failed=_if(newest, "failed"),
    )


async def _asked(on: Connection, draft: Draft) -> list[Errand]:
    """Return what was asked of workers for this draft, the newest first."""
    found = [
        one
        for kind in (LOOK, TRY, APPLY)
        for one in await errands.newest(on, None, kind, most=_MOST_REMEMBERED)
        if one.arguments.get("draft") == draft.name and one.asked_at >= draft.begun_at
    ]
    return sorted(found, key=lambda one: one.id, reverse=True)


def _centers(draft: Draft, seen: Seen | None) -> tuple[CenterProposal, ...]:
    if seen is None:
        return ()
    return proposals(
        [AddressedPlace(one.id, one.name, one.address) for one in seen.centers],
        [AddressedPlace(one.id, one.name, one.address) for one in seen.locations],
        draft.answers.get("locations", {}),
    )


def _steps(draft: Draft, fields: frozenset[str], seen: Seen | None) -> tuple[SetUpStep, ...]:
    mapped = len(draft.answers.get("locations", {}))
    start = draft.answers.get("start_date", "")
    return (
        _system("netsuite", "NetSuite", seen, has=drafts.PRIVATE_KEY in fields),
        _system("shipbob", "ShipBob", seen, has=bool({drafts.TOKEN, PAIR} & fields)),
        SetUpStep(
            key="found",
            title="What we found",
            state="done" if mapped else "open",
            says=_found(mapped, seen),
        ),
        SetUpStep(
            key="rules",
            title="Rules and start date",
            state="done" if start else "open",
            says=f"from {start} on" if start else "when it begins",
        ),
        SetUpStep(key="apply", title="Try it in dry run", state="open", says="nothing is posted"),
    )


def _found(mapped: int, seen: Seen | None) -> str:
    settle = seen.products.skus - seen.products.matched if seen and seen.products else 0
    if settle:
        return f"{settle} {'SKU' if settle == 1 else 'SKUs'} to settle"
    centers = "center" if mapped == 1 else "centers"
    return f"{mapped} {centers} with a location" if mapped else "where the centers are"


def _system(key: str, title: str, seen: Seen | None, *, has: bool) -> SetUpStep:
    checks = [] if seen is None else [one for one in seen.checks if one["system"] == key]
    if not checks:
        says = "not tried yet" if has else "credentials are missing"
        return SetUpStep(key=key, title=title, state="wait" if has else "open", says=says)
    bad = [one for one in checks if one["result"] != "ok" and one["needed"]]
    if bad:
        return SetUpStep(
            key=key, title=title, state="wait", says=f"{bad[0]['check']}: {bad[0]['result']}"
        )
    return SetUpStep(key=key, title=title, state="done", says="signed in")
