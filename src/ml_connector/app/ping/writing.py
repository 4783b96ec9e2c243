"""Whether our token may write at ShipBob what the flows that are on write there. Pure."""

from itertools import chain
from typing import Final

from ml_connector.app.connections.checks import Check
from ml_connector.app.ping.running import stopped
from ml_connector.config.connection import ConnectionSettings
from ml_connector.shipbob.payloads import Channel
from ml_connector.shipbob.permission_probes import WRITES

GET_ANOTHER: Final = (
    "Let the account's root user make a new token (Integrations > API Tokens in ShipBob's"
    " dashboard), or give the consent again with this scope; then apply the connection."
)


def channel_checks(channel: Channel, settings: ConnectionSettings) -> list[Check]:
    """Say whether the chosen channel can be written to, and which scopes it lacks.

    A scope is needed where a flow that is on writes with it; webhooks are not: the sweeps find
    what none tells of.
    """
    needed = _needed(settings)
    name = f"channel {channel.id} {channel.name}".rstrip()
    if not channel.writable:
        refused = Check(
            system="shipbob",
            name="channel",
            outcome="forbidden",
            found=f"{name} can't be written to{stopped({*chain(*needed.values())})}",
            remedy="Set channel_id under [shipbob] to the channel of our own application, or leave"
            f" it out. {GET_ANOTHER}",
            needed=bool(needed),
        )
        return [refused]
    works = Check(system="shipbob", name="channel", outcome="ok", found=f"writes to {name}")
    return [works, _scopes(channel, needed)]


def _needed(settings: ConnectionSettings) -> dict[str, tuple[str, ...]]:
    """Return the scopes that the flows write with, each with the flows that are on."""
    policies = settings.policies
    written = {
        "receiving_write": ("purchase_orders", "receiving"),
        "orders_write": ("tracking",) if policies.mark_tracking else (),
        "products_write": ("purchase_orders",) if policies.missing_product == "create" else (),
    }
    off = settings.flows_off
    on = {scope: tuple(one for one in flows if one not in off) for scope, flows in written.items()}
    return {scope: flows for scope, flows in on.items() if flows}


def _scopes(channel: Channel, needed: dict[str, tuple[str, ...]]) -> Check:
    absent = [scope for scope in WRITES if scope not in channel.scopes]
    stops = {*chain(*(needed.get(scope, ()) for scope in absent))}
    purposes = "; ".join(f"{scope} is for {WRITES[scope]}" for scope in absent).capitalize()
    return Check(
        system="shipbob",
        name="scopes to write",
        outcome="missing" if absent else "ok",
        found=f"the channel does not list {', '.join(absent)}{stopped(stops)}"
        if absent
        else "all that are used",
        remedy=f"{purposes}. {GET_ANOTHER}" if absent else "",
        needed=bool(stops),
    )
