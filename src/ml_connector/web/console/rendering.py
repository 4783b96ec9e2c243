"""Pages of templates: everything that comes from outside is text in them."""

import functools
import gzip
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jinja2
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from ml_connector import __version__
from ml_connector.shown import visible
from ml_connector.web.address import WebRequest
from ml_connector.web.console import csrf
from ml_connector.web.console.assets import asset_path
from ml_connector.web.console.menu import MENU, SANDBOX
from ml_connector.web.console.shown import UTC_ZONE, Shown
from ml_connector.web.console.spoken import FILTERS, GLOBALS, query
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_MINUS: Final = "\u2212"
_PACK_FROM_BYTES: Final = 1_000
_INITIALS: Final = 2
_MOST_SHOWN: Final = 40

# In this order: each calls itself what the ones after it are, too.
_BROWSERS: Final = (
    ("Firefox/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def page(
    request: WebRequest,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    cookies: Sequence[Cookie] = (),
    **values: object,
) -> Response[bytes]:
    """Return a page.

    Args:
        request: that it answers; the menu and the person come from it.
        template: its name, such as ``users.html.jinja``.
        status: of the answer.
        cookies: set with it.
        values: what the template shows.
    """
    body = (
        environment().get_template(template).render(**_common(request), **values).encode("utf-8")
    )
    headers = {"vary": "accept-encoding, hx-request"}
    if len(body) > _PACK_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(
        body,
        status_code=status,
        media_type=MediaType.HTML,
        headers=headers,
        cookies=list(cookies),
    )


def see_other(path: str, *, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    """Send the browser on to another page of ours, after an act."""
    return Response(
        b"",
        status_code=HTTPStatus.SEE_OTHER,
        media_type=MediaType.HTML,
        headers={"location": path},
        cookies=list(cookies),
    )


def _common(request: WebRequest) -> dict[str, Any]:
    """Return what each page has: who looks at it, at which connection, with which menu."""
    person = request.scope.get("user")
    known = person if isinstance(person, Who) else None
    shown = request.scope["state"].get("shown")
    return {
        "who": known,
        "shown": shown,
        "here": here(shown),
        "zone": shown.zone if shown else UTC_ZONE,
        "csrf": csrf.masked(known.session.csrf) if known and known.session else "",
        "menu": (SANDBOX, *MENU) if Console.of(request).sandbox else MENU,
        "path": request.scope["path"],
        "asked": request.query_params,
        "version": __version__,
    }


def here(shown: Shown | None) -> str:
    """Return what an address needs to stay with the connection that is shown."""
    several = shown is not None and len(shown.names) > 1
    return query({"connection": shown.connection}) if shown is not None and several else ""


@functools.cache
def environment() -> jinja2.Environment:
    """Return the environment of all templates of the console."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("ml_connector.web.console", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_text,
    )
    made.filters.update(
        moment=moment,
        day=day,
        count=count,
        money=money,
        amount=amount,
        brief=brief,
        initials=initials,
        browser=browser,
        asked_with=asked_with,
        **FILTERS,
    )
    made.globals.update(asset=asset_path, **GLOBALS)
    return made


def _text(value: object) -> object:
    """Return what a template shows of a value: nothing in a text acts on how others read."""
    if isinstance(value, Markup):
        return value
    return visible(value, keep="\t\r\n") if isinstance(value, str) else value


def moment(at: datetime | None, zone: str, *, short: bool = False) -> Markup:
    """Return a moment in a connection's zone, with UTC when one points at it.

    Args:
        at: the moment; None: a dash.
        zone: such as ``America/Chicago``.
        short: the time alone, as in a list of today.
    """
    if at is None:
        return Markup('<span class="zero">\u2013</span>')
    there = at.astimezone(ZoneInfo(zone))
    text = there.strftime("%H:%M:%S" if short else "%Y-%m-%d %H:%M")
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime("%Y-%m-%d %H:%M:%S UTC"), text
    )


def day(at: date | None) -> str:
    """Return a day, such as 17 November 2026."""
    return f"{at.day} {at.strftime('%B %Y')}" if at else "\u2013"


def count(number: int | Decimal | None) -> str:
    """Return a number with commas at the thousands and a real minus sign."""
    return f"{number:,}".replace("-", _MINUS) if number is not None else "\u2013"


def money(amount: Decimal | None, currency: str) -> str:
    """Return an amount with its currency, such as 1,204.50 USD."""
    return f"{amount:,.2f} {currency}".replace("-", _MINUS) if amount is not None else "\u2013"


def amount(digits: str, currency: str | None) -> str:
    """Return an amount whose digits are a text, as ``money`` shows it."""
    return money(Decimal(digits), currency or "").rstrip()


def brief(text: str, most: int = 300) -> str:
    """Return a text of which no more is shown than people read; the API has all of it."""
    return text if len(text) <= most else f"{text[:most]}\u2026"


def initials(name: str) -> str:
    """Return one or two letters that stand for a name."""
    words = [word for word in name.replace(".", " ").replace("-", " ").split() if word]
    letters = "".join(word[0] for word in words[:_INITIALS])
    return (letters if len(words) > 1 else name[:_INITIALS]).upper()


def browser(text: str) -> str:
    """Return what kind of browser calls itself so, such as Firefox on Windows."""
    kind = next((word for mark, word in _BROWSERS if mark in text), "")
    system = next((word for mark, word in _SYSTEMS if mark in text), "")
    return " on ".join(word for word in (kind, system) if word) or text[:_MOST_SHOWN] or "unknown"


def asked_with(asked: Any, **changed: object) -> str:
    """Return the query of an address with some of its fields changed; None leaves one out."""
    fields = [(key, value) for key, value in asked.multi_items() if key not in changed]
    fields += [(key, value) for key, value in changed.items() if value is not None]
    return f"?{urlencode(fields)}"
