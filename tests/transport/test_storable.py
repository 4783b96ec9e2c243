import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.transport.http.storable import storable

SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (rb'{"sku":"TEE\u0000BLK"}', "TEE␀BLK"),
        (b'{"sku":"TEE\0BLK"}', "TEE␀BLK"),
        (rb'{"sku":"TEE\\u0000BLK"}', "TEE\\u0000BLK"),
        (rb'{"sku":"TEE\\\u0000BLK"}', "TEE\\␀BLK"),
        (rb'{"sku":"\ud83d\ude00"}', "\N{GRINNING FACE}"),
        (rb'{"sku":"\ud83dX"}', "\N{REPLACEMENT CHARACTER}X"),
        (rb'{"sku":"X\ude00"}', "X\N{REPLACEMENT CHARACTER}"),
        (rb'{"sku":"\u00e4\u0007"}', "ä\x07"),
    ],
)
def test_what_can_not_be_stored_is_shown_as_replaced(raw: bytes, read: str) -> None:
    assert msgspec.json.decode(storable(raw)) == {"sku": read}


@given(
    st.text(
        alphabet=st.one_of(
            st.characters(exclude_categories=["Cs"]), SURROGATES, st.just("\0"), st.just("\\")
        )
    )
)
def test_any_text_is_read_and_can_be_stored(text: str) -> None:
    read = msgspec.json.decode(storable(json.dumps({"sku": text}).encode()))["sku"]

    assert "\0" not in read
    assert read.encode("utf-8").decode("utf-8") == read


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_can_be_stored_stays_as_it_is(text: str) -> None:
    body = json.dumps(text).encode()

    assert storable(body) == body
