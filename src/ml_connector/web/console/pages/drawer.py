"""The drawer in which somebody decides, beside the list that it was opened from."""

from types import MappingProxyType
from typing import Any, Final

from ml_connector.app.errands.asking import Asker, own
from ml_connector.app.installation.installation import Installation
from ml_connector.app.views.desk.choices import Choice
from ml_connector.app.views.desk.deciding import Deciding, deciding
from ml_connector.ledger.people.errands import Errand
from ml_connector.web.address import WebRequest
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_LISTS: Final = MappingProxyType({"attention": "/attention", "stock": "/stock"})
"""The pages that have a drawer, by what ``at`` in an address calls them."""


def at(request: WebRequest) -> str:
    """Return beside which list a drawer was opened."""
    wanted = request.query_params.get("at", "")
    return wanted if wanted in _LISTS else "attention"


def back(request: WebRequest, shown: Shown, **fields: object) -> str:
    """Return the address of the list that a drawer was opened from.

    Args:
        request: tells which.
        shown: the connection.
        fields: more of the address; empty ones are left out.
    """
    here = at(request)
    beside = {} if here == "attention" else {"at": here}
    more = "".join(f"&{name}={value}" for name, value in {**beside, **fields}.items() if value)
    return f"{_LISTS[here]}?connection={shown.connection}{more}"


def asker(who: Who, shown: Shown, key: str | None = None) -> Asker:
    """Return who asks a worker about decisions."""
    return Asker(person=who.name, role=who.role, names=[shown.connection], key=key)


async def drawer(
    request: WebRequest,
    who: Who,
    shown: Shown,
    subject_id: int | None,
    errand_id: int | None,
) -> dict[str, Any]:
    """Return what a drawer shows, for its template; nothing where none is open."""
    about, errand = None, None
    if subject_id is not None:
        about, errand = await _open(
            Console.of(request).installation, who, shown, subject_id, errand_id
        )
    return {
        "about": about,
        "errand": errand,
        "choice": _of(about, errand),
        "at": at(request),
        "list_path": _LISTS[at(request)],
    }


async def _open(
    installation: Installation, who: Who, shown: Shown, subject_id: int, errand_id: int | None
) -> tuple[Deciding | None, Errand | None]:
    asked = await own(installation, asker(who, shown), errand_id) if errand_id else None
    async with installation.database.transaction() as on:
        about = await deciding(on, [shown.connection], subject_id, role=who.role)
    return about, asked


def _of(about: Deciding | None, errand: Errand | None) -> Choice | None:
    """Return the choice that an errand is about."""
    if about is None or errand is None:
        return None
    kind = (errand.arguments.get("decision") or {}).get("kind")
    return next((one for one in about.choices if one.kind == kind), None)
