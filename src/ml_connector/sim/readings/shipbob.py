"""What the references leave open about ShipBob, switch by switch."""

from typing import Any, Final, Literal

from ml_connector.sim.readings.switch import Switch

WEBHOOK_BODY: Final = Switch[
    Literal["bare", "renamed-id", "envelope", "sparse", "extended", "mixed"]
](
    name="webhook_body",
    system="shipbob",
    about="The body of a webhook",
    readings={
        "bare": "is the resource itself",
        "renamed-id": "is the resource with shipment_id, wro_id and so on in place of id",
        "envelope": "is {topic, data}, the resource within",
        "sparse": "leaves keys out, and says null of others, by chance",
        "extended": "has keys and a status that nobody knows",
        "mixed": "is any of these, by chance",
    },
    default="bare",
    reference="shipbob.md 7.2",
)

SWITCHES: Final[tuple[Switch[Any], ...]] = (WEBHOOK_BODY,)
"""All of them, in the order in which they are listed."""
