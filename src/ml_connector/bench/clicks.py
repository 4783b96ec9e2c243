"""Ten people who click through the console, as a process.

Arguments: the address of the service, and the password of ``admin``. Writes a line once everybody
clicks; then, for each line it reads, the seconds that each page took since the last.
"""

import re
import sys
import threading
import time
from html import unescape
from typing import Final

import httpx2
import msgspec

PEOPLE: Final = 10
EVERY_SECONDS: Final = 1.0
"""Each of them opens a page so often."""

_PAGES: Final = (
    *("/overview", "/attention", "/events", "/flows/receiving", "/flows/parcels"),
    *("/stock", "/audit-trail", "/settings", "/system"),
)
_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')


def main() -> None:
    """Click until the input ends."""
    url, password = sys.argv[1], sys.argv[2]
    cookies = _signed_in(url, password)
    taken: list[float] = []
    for person in range(PEOPLE):
        threading.Thread(
            target=_click, args=(url, cookies, person, taken), name=f"person {person}", daemon=True
        ).start()
    _write(PEOPLE)
    for _ in sys.stdin:
        told = taken[:]
        del taken[: len(told)]
        _write(told)


def _signed_in(url: str, password: str) -> dict[str, str]:
    """Return the cookies of somebody who signed in."""
    with httpx2.Client(base_url=url, trust_env=False, timeout=60) as http:
        form = _CSRF.search(http.get("/sign-in").text)
        csrf = unescape(form[1]) if form else ""
        fields = {"csrf": csrf, "name": "admin", "password": password}
        http.post("/sign-in", data=fields)
        for page in _PAGES:
            http.get(page)  # the first of each kind loads what it needs
        return dict(http.cookies)


def _click(url: str, cookies: dict[str, str], person: int, taken: list[float]) -> None:
    """Open page after page; what fails counts as never answered."""
    time.sleep(person * EVERY_SECONDS / PEOPLE)
    with httpx2.Client(base_url=url, cookies=cookies, trust_env=False, timeout=30) as http:
        number = person
        while True:
            began = time.perf_counter()
            answer = http.get(_PAGES[number % len(_PAGES)])
            spent = time.perf_counter() - began
            taken.append(spent if answer.status_code == httpx2.codes.OK else float("inf"))
            number += 1
            time.sleep(max(0.0, EVERY_SECONDS - spent))


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
