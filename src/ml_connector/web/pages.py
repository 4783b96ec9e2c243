"""Small pages for people, which load nothing from anywhere."""

import secrets
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Final, Literal

from litestar import MediaType, Response

Tone = Literal["good", "bad", "plain"]

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee6;
  --paper: #ffffff; --ground: #f4f6f9; --good: #14713d; --bad: #a4231b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf1; --soft: #a3adba; --line: #343c48;
  --paper: #1b2027; --ground: #12161b; --good: #63c98d; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 34rem; padding: 2rem 2.25rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 12px; }
p.product { margin: 0 0 1.25rem; color: var(--soft); font-size: .875rem; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.3; }
h1.good { color: var(--good); } h1.bad { color: var(--bad); }
p { margin: .5rem 0; overflow-wrap: anywhere; }
p.next { margin-top: 1.25rem; padding-top: 1rem; border-top: 1px solid var(--line); }
dl { margin: 1rem 0; display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
"""

_RESEND: Final = """
const fields = new URLSearchParams(location.hash.slice(1));
const form = document.getElementById("resend");
history.replaceState(null, "", location.pathname);
if (fields.get("state")) {
  for (const [name, value] of fields) {
    const input = document.createElement("input");
    input.type = "hidden"; input.name = name; input.value = value;
    form.append(input);
  }
  form.submit();
} else {
  document.getElementById("title").textContent = "Nothing came back from ShipBob";
  document.getElementById("text").textContent =
    "This address is where ShipBob sends the browser after consent. To begin, use the link" +
    " that ml-connector connection consent prints.";
}
"""


def page(
    title: str,
    texts: Sequence[str],
    *,
    tone: Tone = "plain",
    facts: Mapping[str, str] | None = None,
    next_step: str = "",
    link: tuple[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response[str]:
    """Return a page.

    Args:
        title: what happened, in a few words.
        texts: paragraphs.
        tone: color of the title.
        facts: names and values, in a list.
        next_step: what to do.
        link: an address of ours and what it is called.
        status: of the answer.
    """
    parts = [f'<h1 class="{tone}">{escape(title)}</h1>']
    parts += [f"<p>{escape(text)}</p>" for text in texts if text]
    if facts:
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()
        )
        parts.append(f"<dl>{rows}</dl>")
    if next_step:
        parts.append(f'<p class="next"><strong>Next:</strong> {escape(next_step)}</p>')
    if link is not None:
        parts.append(f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>')
    return _whole(title, "".join(parts), status=status)


def resend_page(action: str) -> Response[str]:
    """Return a page that sends the fragment of its own address to a server, as a form.

    In ShipBob's older way the answer is in the fragment, which browsers don't send to a server
    (ShipBob reference, section 3.2).
    """
    body = (
        '<h1 id="title">One moment</h1><p id="text">The answer of ShipBob is being passed on.</p>'
        "<noscript><p>This page needs JavaScript to read ShipBob's answer.</p></noscript>"
        f'<form id="resend" method="post" action="{escape(action)}"></form>'
    )
    return _whole("One moment", body, script=_RESEND)


def _whole(
    title: str, body: str, *, status: int = HTTPStatus.OK, script: str = ""
) -> Response[str]:
    nonce = secrets.token_urlsafe(16)
    scripts = f'<script nonce="{nonce}">{script}</script>' if script else ""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - ml-connector</title><style nonce="{nonce}">{_STYLE}</style>'
        f'</head><body><main><p class="product">ml-connector</p>{body}</main>{scripts}'
        "</body></html>"
    )
    allowed = f"script-src 'nonce-{nonce}'; " if script else ""
    return Response(
        html,
        media_type=MediaType.HTML,
        status_code=status,
        headers={
            "cache-control": "no-store",
            "content-security-policy": f"default-src 'none'; style-src 'nonce-{nonce}'; {allowed}"
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        },
    )
