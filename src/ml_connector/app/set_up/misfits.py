"""What of a draft does not fit: a sentence each, and the way out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from ml_connector.app.set_up.looking import Seen
from ml_connector.app.set_up.proposals import CenterProposal
from ml_connector.app.set_up.sentences import ORDER_MATCH, POLICIES

_ADJUSTING: Final = ("over_receipt", "unmatched_wro", "unmatched_return", "unmatched_shipment")


class Misfit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that would make facts wait, or keep the draft from being applied.

    Attributes:
        step: where it is put right.
        also: a step on which it shows besides; empty: none.
        says: what is the matter.
        way_out: what can be done.
    """

    step: str
    says: str
    way_out: str
    also: str = ""


def misfits(
    answers: Mapping[str, Any], seen: Seen | None, centers: Sequence[CenterProposal]
) -> tuple[Misfit, ...]:
    """Return what does not fit, in the order of the steps.

    Args:
        answers: of the draft, as a connection file has them.
        seen: what both systems showed last; None: nothing yet.
        centers: of ShipBob, with their proposals.
    """
    return (
        *_unmapped(answers, centers),
        *_channel(answers, seen),
        *_subsidiary(answers, seen),
        *_accounts(answers),
        *_orders(answers, seen),
    )


def _unmapped(answers: Mapping[str, Any], centers: Sequence[CenterProposal]) -> Iterator[Misfit]:
    mapped = answers.get("locations", {})
    if not mapped:
        return
    for one in centers:
        if one.center not in mapped:
            yield Misfit(
                step="found",
                says=f"{one.center} {one.name} has no location: its facts would wait.",
                way_out="Choose its location. Where no stock of yours lies there, leave it: what"
                " comes from there later waits, and nothing is lost.",
            )


def _channel(answers: Mapping[str, Any], seen: Seen | None) -> Iterator[Misfit]:
    writable = [] if seen is None else [one for one in seen.channels if one.is_writable]
    chosen = answers.get("shipbob", {}).get("channel_id")
    if len(writable) > 1 and chosen is None:
        yield Misfit(
            step="found",
            says=f"ShipBob lists {len(writable)} channels that can be written to, and none is"
            " chosen.",
            way_out="Choose the channel of this connection.",
        )
    if chosen is not None and writable and str(chosen) not in {one.id for one in writable}:
        yield Misfit(
            step="found",
            says=f"Channel {chosen} can't be written to with this token.",
            way_out="Choose another channel, or sign in with a token of that channel.",
        )


def _subsidiary(answers: Mapping[str, Any], seen: Seen | None) -> Iterator[Misfit]:
    """Say that none is chosen; before centers were mapped nothing of that step was told."""
    listed = [] if seen is None else seen.subsidiaries
    if listed and answers.get("locations") and not answers.get("netsuite", {}).get("subsidiary"):
        several = "a subsidiary" if len(listed) == 1 else f"{len(listed)} subsidiaries"
        yield Misfit(
            step="found",
            says=f"NetSuite lists {several}, and none is chosen: adjustments at a location that"
            " shows none, and bills, would be refused.",
            way_out="Choose the subsidiary of this connection.",
        )


def _accounts(answers: Mapping[str, Any]) -> Iterator[Misfit]:
    policies, accounts = answers.get("policies", {}), answers.get("accounts", {})
    if not accounts.get("inventory_adjustment"):
        adjusting = [
            key
            for key in _ADJUSTING
            if policies.get(key, next(iter(POLICIES[key].choices))) == "adjust"
        ]
        if adjusting:
            yield Misfit(
                step="found",
                also="rules",
                says="No account of inventory adjustments is chosen, which these sentences need:"
                f" {'; '.join(POLICIES[key].when for key in adjusting)}. Such facts would wait.",
                way_out="Choose the account of inventory adjustments, or another end of these"
                " sentences.",
            )
    billing = answers.get("billing", {})
    if billing.get("vendor") and not (billing.get("default_account") or billing.get("accounts")):
        yield Misfit(
            step="found",
            says="ShipBob's bills have a vendor, and its fees no account: each bill would wait.",
            way_out="Choose the account of ShipBob's fees, or no vendor: then no bills are made.",
        )


def _orders(answers: Mapping[str, Any], seen: Seen | None) -> Iterator[Misfit]:
    tried = seen.orders if seen is not None else None
    way = answers.get("policies", {}).get("order_match", "tranid")
    if tried is None or not tried.orders or not isinstance(way, str):
        return
    own = tried.of(way)
    if own is None or own.one * 2 >= tried.orders:
        return
    best = tried.of(tried.best) if tried.best else None
    fits_better = best is not None and best.one > own.one
    yield Misfit(
        step="rules",
        says=f"{ORDER_MATCH[way]} finds the sales order of {own.one} of the last {tried.orders}"
        " orders: parcels of the others would wait.",
        way_out=f"{ORDER_MATCH[best.way]} finds {best.one}: choose that."
        if best is not None and fits_better
        else "No way that was tried finds more. See whether these orders are in NetSuite, or"
        " write rules of your own into the connection file.",
    )
