import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.shown import cell, escaped_json, visible, visible_bytes

CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"
CONCEALED = "SKU\x1b[8mhidden\x1b[0m"
BIDI = "abc\u202egpj.exe"


@pytest.mark.parametrize("text", [CLIPBOARD, CONCEALED, BIDI, "\x9b31m", "a\rb", "a\x00b", "\x7f"])
def test_nothing_in_a_text_acts_on_a_terminal(text: str) -> None:
    shown = visible(text)

    assert shown.isprintable()
    assert visible(shown) == shown


def test_what_is_hidden_can_be_read() -> None:
    assert visible(CONCEALED) == "SKU␛[8mhidden␛[0m"
    assert visible(BIDI) == "abc<U+202E>gpj.exe"
    assert visible("two\nlines") == "two␊lines"
    assert visible("two\nlines", keep="\n") == "two\nlines"


@given(st.text())
def test_texts_and_their_bytes_are_shown_alike(text: str) -> None:
    raw = text.encode("utf-8", "ignore")

    assert visible_bytes(raw).decode() == visible(raw.decode(), keep="\t\r\n")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_value_and_acts_on_no_terminal(text: str) -> None:
    document = json.dumps({"sku": text}, ensure_ascii=False)
    escaped = escaped_json(document)

    assert json.loads(escaped) == {"sku": text}
    assert visible(escaped) == escaped


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "\n=1"])
def test_a_cell_is_no_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_cell_shows_controls() -> None:
    assert cell(f"=a{CLIPBOARD}") == "'=a␛]52;c;ZXZpbA==␇"
