"""Refusals in other words, or in the user's language (reference 9.2).

Which words other accounts have nobody published: these are the simulator's own.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

from ml_connector.sim.netsuite.values.refusal import Refusal

Wording = Literal["known", "reworded", "german"]

_SENTENCES: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern), reworded, german)
    for pattern, reworded, german in (
        (
            r"This (record|entity) already exists\.",
            "A \\1 with the same external ID is in the account already.",
            "Dieser Datensatz ist bereits vorhanden.",
        ),
        (
            r"You must have at least one valid line item for this transaction\.",
            "Nothing can be entered for this transaction, since no line is left to process.",
            "Für diese Transaktion ist mindestens eine gültige Position erforderlich.",
        ),
        (
            r"You have an invalid sales order (\S+) or the order is already closed\.",
            "Order \\1 can no longer be processed.",
            "Der Kundenauftrag \\1 ist ungültig oder bereits abgeschlossen.",
        ),
        (
            r"You have attempted an invalid sublist or line item operation\..*",
            "The operation on the lines of this list is not possible.",
            "Ungültiger Vorgang in einer Unterliste oder Position.",
        ),
        (
            r"The posting period (.+) is closed\. You cannot .*",
            (
                "The transaction date is not within an open accounting period. One or more "
                "fields on this transaction can trigger inventory costing calculations in a "
                "closed period."
            ),
            "Die Buchungsperiode \\1 ist geschlossen.",
        ),
        (
            r"The posting period (.+) is locked for this type of transaction\.",
            "The transaction date is not within an open accounting period.",
            "Die Buchungsperiode \\1 ist für diese Art von Transaktion gesperrt.",
        ),
        (
            r"The quantity (received|fulfilled) exceeds the quantity remaining on the order .*",
            "You cannot enter more than was ordered.",
            "Die Menge übersteigt die offene Menge des Auftrags.",
        ),
        (
            r"Fulfillments can be shipped from only one location .*",
            "Choose a single location for all lines.",
            "Eine Lieferung kann nur von einem Lagerort erfolgen.",
        ),
        (
            r"Please enter value\(s\) for: (.+)",
            "\\1 is required.",
            "Bitte geben Sie einen Wert ein für: \\1",
        ),
        (
            r"Please configure the inventory detail for this line\.",
            "Inventory detail is required on this line.",
            "Bitte konfigurieren Sie die Bestandsdetails dieser Position.",
        ),
        (
            r"Your current role does not have permission to perform this action\.",
            "You are not authorized for this action.",
            "Ihre aktuelle Rolle hat keine Berechtigung für diese Aktion.",
        ),
        (
            r"Record has been changed",
            "Another user has updated this record since you retrieved it.",
            "Der Datensatz wurde geändert",
        ),
        (
            r"Record does not exist\.",
            "The record instance does not exist. Provide a valid record instance ID.",
            "Der Datensatz ist nicht vorhanden.",
        ),
        (
            r"Unknown identifier '([^']+)'\..*",
            "Field '\\1' is not available.",
            "Unbekannter Bezeichner '\\1'.",
        ),
        (
            r"Invalid search type: (\S+)\.",
            "Record type '\\1' is not available.",
            "Ungültiger Suchtyp: \\1.",
        ),
        (
            r"You have entered an Invalid Field Value (\S+) for the following field: (\S+)",
            "\\1 is not a possible value of \\2",
            "Sie haben einen ungültigen Feldwert \\1 für das folgende Feld eingegeben: \\2",
        ),
    )
)
_LEADS: Final[Mapping[str, str]] = {
    "Error while accessing a resource. ": "Fehler beim Zugriff auf eine Ressource. ",
    "Error while accessing resource: ": "Fehler beim Zugriff auf Ressource: ",
    "Invalid search query. Detailed unprocessed description follows. ": (
        "Ungültige Suchabfrage. Es folgt eine unverarbeitete Beschreibung. "
    ),
    "Search error occurred: ": "Suchfehler: ",
}


def worded(refusal: Refusal, wording: Wording) -> Refusal:
    """Return the same refusal in the words of this world; code and status stay."""
    if wording == "known":
        return refusal
    text = refusal.detail
    for pattern, reworded, german in _SENTENCES:
        text = pattern.sub(german if wording == "german" else reworded, text)
    if wording == "german":
        for lead, other in _LEADS.items():
            text = text.replace(lead, other)
    return refusal.saying(text)
