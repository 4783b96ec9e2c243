"""What a return needs before it is booked, and the failures where it is missing. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import AccountsSection, ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.returns.coverage import said
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import Action, ReturnFacts, Sale, Unit, known_action, unclear
from ml_connector.flows.returns.wake import more_fulfilled_units
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.adjustments import refuse_item_without_stock, refuse_unnamed_lot
from ml_connector.rules.booked import booked_units, standing
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.locations import location_of
from ml_connector.rules.posting_dates import local_day
from ml_connector.rules.start_date import before_start
from ml_connector.rules.unknown_words import unknown_status
from ml_connector.shipbob.resources.returns import KNOWN_STATUSES
from ml_connector.words import Cause


def places(
    facts: ReturnFacts, settings: ConnectionSettings, actions: Collection[Action]
) -> Mapping[Action, str]:
    """Return the NetSuite location where the units of each action belong.

    Raises:
        NeedsData: the fulfillment center or the quarantine location is not mapped.
        NeedsHuman: ShipBob names no fulfillment center.
    """
    if facts.center_id is None:
        raise nowhere(facts)
    location = location_of(facts.center_id, facts.center_name, settings)
    quarantine = settings.policies.quarantine_location
    if "quarantine" in actions and quarantine is None:
        raise NeedsData(
            f"Return {facts.return_id} has quarantined units, but no quarantine location is set",
            cause=Cause.LOCATION_UNMAPPED,
            waiting_for=[AwaitedKind.POLICY.named("quarantine_location")],
            remedy=(
                'Set quarantine_location = "<NetSuite location id>" under [policies] and apply the'
                " connection again; what waits goes on by itself."
            ),
        )
    return {"restock": location, "dispose": location, "quarantine": quarantine or location}


def concerned_locations(
    facts: ReturnFacts, of_center: Callable[[int], str | None], quarantine: str | None
) -> list[str | None]:
    """Return the NetSuite locations where the units of a return go, or were booked.

    Args:
        facts: what ShipBob says of it, and what was decided.
        of_center: returns the location of a fulfillment center.
        quarantine: the location of quarantined units, where one is set.
    """
    corrected = [units.location for one in facts.decisions for units in one.corrects]
    center = of_center(facts.center_id) if facts.center_id is not None else None
    actions = {known_action(one.action) for line in facts.lines for one in line.done}
    return [center, quarantine if "quarantine" in actions else None, *corrected]


def nowhere(facts: ReturnFacts) -> NeedsHuman:
    """Return the failure of a return of which ShipBob names no fulfillment center."""
    return unclear(facts, "ShipBob names no fulfillment center")


def refuse_reopened(facts: ReturnFacts, posted: Sequence[Posted]) -> None:
    """Stop where units are booked of a return that is not completed any more.

    Args:
        facts: of a return that is not completed.
        posted: what is posted of it; what was taken back does not count.

    Raises:
        NeedsHuman: units are booked.
    """
    booked = booked_units(standing(posted))
    units = sum(quantity for quantity in booked.values() if quantity > 0)
    if units:
        raise NeedsHuman(
            f"Return {facts.return_id} is {facts.status} at ShipBob now, and {units} units of it"
            " are booked as they came back when it was completed",
            cause=Cause.RETURN_REOPENED,
            remedy=(
                "Find out from ShipBob what became of the units. If they did not come back, take"
                " back the documents of the return with ml-connector journal undo. When ShipBob"
                " completes it again, it goes on by itself; nothing is taken back by itself."
            ),
            waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
        )


def refuse_unknown_status(
    facts: ReturnFacts, settings: ConnectionSettings, *, left_out: str
) -> None:
    """Stop at a return in a status that is not known: it may be over, and its units booked.

    Args:
        facts: of a return that is not completed.
        settings: of the connection.
        left_out: why nothing of it is booked in any status; empty where it may be.

    Raises:
        NeedsHuman: the status is not known.
    """
    left_out = left_out or before_start(local_day(facts.completed_at, settings), settings)
    if facts.status in KNOWN_STATUSES or left_out:
        return
    raise unknown_status(
        f"Return {facts.return_id}",
        facts.status,
        where="at ShipBob",
        unclear="whether it is over, and only a completed one is booked",
        remedy=(
            "Look at the return's page at ShipBob. If ShipBob still works on it, nothing: it goes"
            " on by itself when it is completed. If it is over, book what came back by hand in"
            " NetSuite, and report the status."
        ),
        waiting_for=[AwaitedKind.RETURN.named(facts.return_id)],
    )


def refuse_unknown_type(facts: ReturnFacts, units: Sequence[Unit]) -> None:
    """Stop at a return of a type that is not known, of which ShipBob says that nothing came back.

    What came back of such a one is booked as of any other.

    Raises:
        NeedsHuman: so it is.
    """
    if not units and not facts.is_type_known:
        raise unclear(
            facts,
            f'it is of the type "{facts.return_type}", which this version does not know, and'
            " ShipBob says that nothing came back",
        )


def adjustment_account(
    facts: ReturnFacts, accounts: AccountsSection, which: str = "that no authorization covers"
) -> str:
    """Return the account against which units come into stock without an authorization.

    Args:
        facts: of the return.
        accounts: of the connection.
        which: units, for the message.

    Raises:
        NeedsData: it is not set.
    """
    return _account(facts, accounts.inventory_adjustment, "inventory_adjustment", which)


def write_off_account(
    facts: ReturnFacts, accounts: AccountsSection, which: str = "that were disposed of"
) -> str:
    """Return the account against which disposed units go out of stock.

    Args:
        facts: of the return.
        accounts: of the connection.
        which: units, for the message.

    Raises:
        NeedsData: it is not set.
    """
    return _account(facts, accounts.write_off, "write_off", which)


def _account(facts: ReturnFacts, account: str | None, name: str, which: str) -> str:
    if account is None:
        raise NeedsData(
            f"Return {facts.return_id} has units {which}, but no account {name} is set",
            cause=Cause.ACCOUNT_UNMAPPED,
            waiting_for=[AwaitedKind.ACCOUNT.named(name)],
            remedy=(
                f'Set {name} = "<NetSuite account id>" under [accounts] and apply the connection'
                " again; what waits goes on by itself."
            ),
        )
    return account


def refuse_unbookable(facts: ReturnFacts, part: ReturnedUnits) -> None:
    """Stop where some units can't be booked as ShipBob tells them; raises as ``bookable`` does."""
    bookable(facts, part.unit, part.item)


def bookable(facts: ReturnFacts, unit: Unit, item: ItemFact) -> ItemFact:
    """Return the item of some units, if ShipBob says enough of them to book them.

    Raises:
        NeedsHuman: NetSuite keeps no stock of it, or wants a lot or serial number that ShipBob
            does not name.
    """
    refuse_item_without_stock(item, unit.sku or "", f"Return {facts.return_id}")
    refuse_unnamed_lot(
        item,
        unit.sku,
        unit.lot,
        f"Return {facts.return_id}",
        remedy="Receive the return by hand; make the item lot-tracked at ShipBob as well.",
    )
    return item


def not_covered(
    facts: ReturnFacts, parts: Sequence[ReturnedUnits], order: Sale | None
) -> NeedsData:
    """Return the failure for units that nothing covers, with ``unmatched_return = "park"``.

    It waits only for what is not there: an authorization, an order, or more units of an order.

    Args:
        facts: of the return.
        parts: the units.
        order: the sales order of the shipment, which does not cover them; None where there is
            none.
    """
    waiting_for = [AwaitedKind.POLICY.named("unmatched_return")]
    # By its reference nothing is found for a parcel that came back to its sender.
    reference = None if facts.is_return_to_sender else facts.reference
    ways = ['set unmatched_return = "adjust" to book such returns as inventory adjustments']
    if reference:
        waiting_for.append(AwaitedKind.RETURN_AUTHORIZATION.named(reference))
        ways.insert(0, "enter a return authorization with this reference as its number")
    if order is not None:
        fulfilled = sum(line.fulfilled for line in order.lines)
        waiting_for.append(more_fulfilled_units(facts.order_key, fulfilled))
        ways.insert(0, f"let {order.number} show these units as fulfilled")
    elif facts.order_key is not None:
        waiting_for.append(AwaitedKind.SALES_ORDER.named(facts.order_key))
    named = f", with the reference {facts.reference}," if facts.reference else ""
    lacks = (
        "NetSuite has neither a return authorization nor a sales order for it"
        if order is None
        else f"sales order {order.number} has no such units that were fulfilled and are on no"
        " authorization yet"
        + (", and no return authorization has this reference" if reference else "")
    )
    remedy = ", or ".join(ways)
    return NeedsData(
        f"Return {facts.return_id}{named} brought back {said(parts)}: {lacks}",
        cause=Cause.RETURN_AUTHORIZATION_NOT_FOUND,
        waiting_for=waiting_for,
        remedy=f"{remedy[0].upper()}{remedy[1:]}; what waits goes on by itself.",
    )


def too_many(facts: ReturnFacts, surplus: Sequence[ReturnedUnits], why: str) -> NeedsHuman:
    """Return the failure for units beyond an authorization, with the same policy."""
    return NeedsHuman(
        f"Return {facts.return_id} brought back {said(surplus)} {why}",
        cause=Cause.OVER_RECEIPT,
        remedy=(
            'Raise the quantity on it, or set unmatched_return = "adjust" to book such units as'
            " inventory adjustments. It then goes on by itself."
        ),
        waiting_for=[AwaitedKind.POLICY.named("unmatched_return")],
    )
