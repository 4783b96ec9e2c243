"""The drawer in which somebody decides, beside the list that it was opened from."""

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from litestar import MediaType, Response

from ml_connector.app.errands.asking import Asker, DecisionAsked, own
from ml_connector.app.installation.installation import Installation
from ml_connector.app.views.desk.choices import Choice
from ml_connector.app.views.desk.deciding import Deciding, deciding
from ml_connector.errors import UserError
from ml_connector.ledger.people.errands import Errand
from ml_connector.web.address import WebRequest
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import DecisionKind

_LISTS: Final = MappingProxyType({"attention": "/attention", "stock": "/stock"})
"""The pages that have a drawer, by what ``at`` in an address calls them; and months, by theirs."""

_MONTH: Final = re.compile(r"month-(\d{4}-\d{2})")


def at(request: WebRequest) -> str:
    """Return beside which list a drawer was opened."""
    wanted = request.query_params.get("at", "")
    return wanted if wanted in _LISTS or _MONTH.fullmatch(wanted) else "attention"


def path_of(here: str) -> str:
    """Return the address of a list that has a drawer."""
    month = _MONTH.fullmatch(here)
    return f"/months/{month[1]}" if month else _LISTS[here]


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
    return f"{path_of(here)}?connection={shown.connection}{more}"


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
        "choice": choice_of(about.choices if about else (), errand),
        "at": at(request),
        "list_path": path_of(at(request)),
        "drawer_path": "/attention/drawer",
    }


async def _open(
    installation: Installation, who: Who, shown: Shown, subject_id: int, errand_id: int | None
) -> tuple[Deciding | None, Errand | None]:
    asked = await own(installation, asker(who, shown), errand_id) if errand_id else None
    async with installation.database.transaction() as on:
        about = await deciding(on, [shown.connection], subject_id, role=who.role)
    return about, asked


def choice_of(choices: Sequence[Choice], errand: Errand | None) -> Choice | None:
    """Return the choice that an errand is about."""
    kind = ((errand.arguments if errand else {}).get("decision") or {}).get("kind")
    return next((one for one in choices if one.kind == kind), None)


def decision_asked(typed: Typed) -> DecisionAsked:
    """Return the decision that a form of a drawer asks for.

    Raises:
        UserError: none was chosen.
    """
    word = typed.text("decision")
    try:
        kind = DecisionKind(word)
    except ValueError:
        raise UserError(
            "Nothing was chosen",
            where="decision",
            next_step="Choose what is decided.",
        ) from None
    return DecisionAsked(
        kind=kind,
        document=typed.text(f"document-{word}") or typed.text("document"),
        value=typed.text(f"value-{word}") or typed.text("value"),
        note=typed.text("note"),
        seen=typed.text("seen"),
    )


def reload(path: str) -> Response[bytes]:
    """Let a page that is open load another address, whole."""
    return Response(
        b"", media_type=MediaType.HTML, headers={"hx-redirect": path.replace("#", "&done=1#")}
    )
