"""Errands that take documents back: what ``journal undo`` does, for who asked.

Both make the counter-documents anew. An errand that is begun again finds what it has posted among
people's acts, and posts the rest.
"""

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.errands.asking import PREVIEW_UNDO, UNDO, Undoes
from ml_connector.app.errands.errands import Do, ErrandProgress
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.undo import Counter, propose, undo_posting
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.ledger.people.errands import Errand


async def _look(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Return the counter-documents of ``arguments["documents"]``."""
    asked = msgspec.convert(errand.arguments, Undoes)
    progress.says("Asking NetSuite for its posting periods")
    proposed = await propose(installation, _names(errand), asked.documents)
    return {
        "documents": [msgspec.to_builtins(one.document) for one in proposed],
        "takes_back": [one.takes_back.name for one in proposed],
        "seen": fingerprint(proposed),
    }


async def _undo(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Post the counter-documents of ``arguments["documents"]``, if they are what was seen."""
    asked = msgspec.convert(errand.arguments, Undoes)
    done = await _done_before(installation, errand)
    progress.says("Asking NetSuite for its posting periods")
    proposed = await propose(installation, _names(errand), asked.documents[len(done) :])
    if asked.seen and not done and asked.seen != fingerprint(proposed):
        raise UserError(
            "It leads to something else by now than what was shown",
            where=", ".join(asked.documents),
            next_step="Look again at what it leads to, then undo.",
        )
    for count, one in enumerate(proposed):
        progress.says("Posting counter-documents", count, len(proposed))
        done.append(await undo_posting(installation, one, person=errand.person))
    return {"undone": done}


def fingerprint(proposed: Sequence[Counter]) -> str:
    """Return a short name of counter-documents: the same for the same rows of the journal."""
    told = msgspec.json.encode(
        [(one.document.external_id, one.document.lines) for one in proposed]
    )
    return hashlib.sha256(told).hexdigest()[:16]


def _names(errand: Errand) -> list[str]:
    return [errand.connection] if errand.connection else []


async def _done_before(installation: Installation, errand: Errand) -> list[dict[str, Any]]:
    """Return what this errand posted before its worker ended, in the order of its documents."""
    if errand.beginnings == 1:
        return []
    async with installation.database.transaction() as on:
        found = await acts.since(
            on, "journal.undo", errand.person, connection=errand.connection, at=errand.asked_at
        )
    return [{name: one[name] for name in ("undone", "was", "by", "is")} for one in found]


ABOUT_UNDOING: Final[Mapping[str, Do]] = MappingProxyType({PREVIEW_UNDO: _look, UNDO: _undo})
"""The kinds about taking documents back; their names are stored."""
