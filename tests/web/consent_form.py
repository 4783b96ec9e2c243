"""ShipBob's consent page, answered as a browser without scripts would."""

import re
from html import unescape
from typing import NamedTuple

import httpx2


class Answered(NamedTuple):
    """The form that goes back: where to, and its fields."""

    action: str
    fields: dict[str, str]


def answer(
    client: httpx2.Client, auth_url: str, there: str, *, decision: str = "allow"
) -> Answered:
    """Answer ShipBob's consent page; return what comes back as a form."""
    asked = _fields(client.get(there).text)["request"]
    page = client.post(
        f"{auth_url}/connect/consent", data={"request": asked, "decision": decision}
    ).text
    return Answered(action(page), _fields(page))


def action(html: str) -> str:
    """Return where the form of a page goes."""
    found = re.search(r'action="([^"]+)"', html)
    assert found is not None
    return unescape(found[1])


def _fields(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html)
    return {unescape(name): unescape(value) for name, value in found}
