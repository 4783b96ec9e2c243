"""Headless Chromium, driven by Playwright: what a person sees, and what is wrong with it."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

Scheme = Literal["light", "dark"]


class Size(NamedTuple):
    """Of a window, in CSS pixels."""

    width: int
    height: int


SIZES: Final = {"wide": Size(1440, 900), "laptop": Size(1280, 800), "phone": Size(390, 844)}

_EVERY_LOOK: Final[tuple[tuple[str, Scheme], ...]] = tuple(
    (size, scheme) for size in SIZES for scheme in get_args(Scheme)
)

LOOKS: Final[tuple[tuple[str, Scheme], ...]] = (
    _EVERY_LOOK
    if os.environ.get("MLC_TEST_LOOKS") == "all"
    else (("wide", "light"), ("phone", "dark"))
)
"""In which windows a page is looked at: two that differ in all, or each size in each scheme."""

PICTURES: Final = Path(
    os.environ.get("MLC_TEST_PICTURES") or Path(tempfile.gettempdir()) / "ml-connector-pictures"
)
"""Where pictures of pages are kept, for people to look at."""

_SERIOUS: Final = frozenset({"serious", "critical"})
_AXE: Final = Axe()

# Chromium asks its maker for this and that at each start.
_QUIET: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def found() -> str:
    """Return Chromium's path.

    Raises:
        AssertionError: there is none; ``make browser`` installs it.
    """
    for name in ("chromium", "google-chrome"):
        path = shutil.which(name)
        if path is not None:
            return path
    raise AssertionError("no Chromium is here: make browser installs it")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found(),
            args=list(_QUIET),
            chromium_sandbox=os.geteuid() != 0,  # it refuses to be root's inside its sandbox
        )
        try:
            yield browser
        finally:
            browser.close()


class Window:
    """One page, and what went wrong in it.

    Attributes:
        page: Playwright's.
        faults: errors of scripts, what the Content-Security-Policy refused, and answers of 400
            and above, in the order in which they came.
    """

    def __init__(self, page: Page, address: str, name: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self._address = address
        self._name = name
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda said: self.faults.append(said.text) if said.type == "error" else None,
        )

    def go(self, path: str) -> int:
        """Open a path of the service; return the status of the answer."""
        answer = self.page.goto(f"{self._address}{path}", wait_until="load")
        assert answer is not None
        return answer.status

    def picture(self, of: str) -> Path:
        """Keep a picture of the whole page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{re.sub('[^a-z0-9]+', '-', of.lower()).strip('-')}-{self._name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def obstacles(self) -> list[str]:
        """Return what keeps people from using the page: axe's serious and critical findings."""
        return [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in _AXE.run(self.page).response["violations"]
            if one["impact"] in _SERIOUS
        ]

    @property
    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        wider: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wider


@contextmanager
def window(
    browser: Browser, address: str, *, size: str = "wide", scheme: Scheme = "light"
) -> Iterator[Window]:
    """Open a window of its own, with cookies of its own."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    shown = Window(context.new_page(), address, f"{size}-{scheme}")
    try:
        yield shown
    except BaseException:
        shown.picture("at the failure")
        raise
    finally:
        context.close()
