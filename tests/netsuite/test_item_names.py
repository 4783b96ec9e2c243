import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.netsuite.item_names import difference, near_names, spellings

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("TEE-M", "tee-m", "case"),
        ("CAF\u00c9", "CAFE\u0301", "Unicode form or width"),
        ("TEE", "\uff34\uff25\uff25", "Unicode form or width"),
        ("TEE M", "TEE  M", "blanks"),
        ("TEE-M", "TEE-M ", "blanks"),
        ("TEE-M", "TEE\u00a0-M", "blanks"),
        ("TEE-M", "TEE\u200b-M", "blanks"),
        ("TEE M", "teem", "case and blanks"),
        ("stra\u00dfe", "STRASSE", "case"),
        ("TEE-M", "TEE-M", ""),
        ("TEE-M", "TEE-L", ""),
        ("TEE-0", "TEE-O", ""),
    ],
)
def test_it_is_said_by_what_alone_two_names_differ(one: str, other: str, said: str) -> None:
    assert difference(one, other) == said
    assert difference(other, one) == said


@pytest.mark.parametrize(
    "other",
    ["tee m", "Tee M", "TEEM", "TEE M ", "\uff34\uff25\uff25 \uff2d"],
)
def test_likely_spellings_are_asked_for(other: str) -> None:
    assert other in spellings("TEE M")


@given(NAMES)
def test_spellings_never_hold_the_name_and_are_few(name: str) -> None:
    found = spellings(name)

    assert name not in found
    assert "" not in found
    assert len(found) <= 80


@given(NAMES)
def test_a_name_is_never_near_itself_and_always_near_its_forms(name: str) -> None:
    forms = {unicodedata.normalize("NFC", name), unicodedata.normalize("NFKD", name)}

    assert near_names(name, [name]) == {}
    assert set(near_names(name, forms)) == forms - {name}
