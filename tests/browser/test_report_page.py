"""The page of a month-end report as it is printed."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from ml_connector.reconcile.report import page
from reconcile.money.test_money_outputs import MADE, whole
from reconcile.test_files import report
from reconcile.worlds import MONTH

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NOT_WHOLE = """() => [...document.querySelectorAll("th")].flatMap(th => {
  const text = document.createTreeWalker(th, NodeFilter.SHOW_TEXT), found = [];
  while (text.nextNode()) for (const word of text.currentNode.data.matchAll(/\\S+/g)) {
    const range = document.createRange(), cell = th.getBoundingClientRect();
    range.setStart(text.currentNode, word.index);
    range.setEnd(text.currentNode, word.index + word[0].length);
    const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
    const all = range.getBoundingClientRect();
    if (lines.size > 1 || all.right > cell.right + .5 || all.left < cell.left - .5)
      found.push(word[0]);
  }
  return found;
})"""


@pytest.mark.parametrize("width", [1032, 718])  # A4 across and upright, without the margins
def test_no_word_of_a_heading_breaks_or_runs_out_of_its_column(
    browser: "Browser", width: int
) -> None:
    money, stock = whole(), report()
    both = msgspec.structs.replace(
        stock, money=money.money, differences=(*stock.differences, *money.differences)
    )
    seen = browser.new_page(viewport={"width": width, "height": 900})
    seen.emulate_media(media="print")
    seen.set_content(page.html(both, MONTH, MADE))

    assert seen.evaluate(_NOT_WHOLE) == []
    seen.close()
