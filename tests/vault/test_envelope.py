import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.errors import NeedsHuman
from ml_connector.vault.envelope import Sealed, open_, rewrap, seal
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.words import Cause

OLD = MasterKey.of(b"o" * 32)
NEW = MasterKey.of(b"n" * 32)
RING = KeyRing((OLD,))
FIELD = "acme/netsuite.private_key"


@given(st.binary())
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    assert open_(RING, seal(RING, plaintext, bound_to=FIELD), bound_to=FIELD) == plaintext


def test_the_same_secret_is_sealed_differently_every_time() -> None:
    one, two = (seal(RING, b"CANARY", bound_to=FIELD) for _ in range(2))

    assert one.ciphertext != two.ciphertext
    assert one.wrapped_key != two.wrapped_key
    assert b"CANARY" not in one.ciphertext + one.wrapped_key


@pytest.mark.parametrize("elsewhere", ["other/netsuite.private_key", "acme/shipbob.token", ""])
def test_a_row_that_belongs_elsewhere_is_refused(elsewhere: str) -> None:
    with pytest.raises(NeedsHuman, match="can't be opened") as caught:
        open_(RING, seal(RING, b"CANARY", bound_to=FIELD), bound_to=elsewhere)

    assert caught.value.cause is Cause.CREDENTIALS_INVALID
    assert caught.value.remedy


def test_parts_of_two_rows_do_not_fit_together() -> None:
    one, two = (seal(RING, b"CANARY", bound_to=FIELD) for _ in range(2))
    with pytest.raises(NeedsHuman):
        open_(RING, Sealed(one.key_id, one.wrapped_key, two.ciphertext), bound_to=FIELD)


@given(st.integers(0), st.integers(1, 255), st.booleans())
def test_any_changed_byte_is_noticed(place: int, flip: int, in_key: bool) -> None:  # noqa: FBT001 - drawn
    sealed = seal(RING, b"CANARY", bound_to=FIELD)
    part = bytearray(sealed.wrapped_key if in_key else sealed.ciphertext)
    part[place % len(part)] ^= flip
    changed = (
        Sealed(sealed.key_id, bytes(part), sealed.ciphertext)
        if in_key
        else Sealed(sealed.key_id, sealed.wrapped_key, bytes(part))
    )
    with pytest.raises(NeedsHuman):
        open_(RING, changed, bound_to=FIELD)


@pytest.mark.parametrize("part", [b"", b"x", b"x" * 12])
def test_a_stump_is_refused(part: bytes) -> None:
    with pytest.raises(NeedsHuman):
        open_(RING, Sealed(OLD.key_id, part, part), bound_to=FIELD)


def test_an_unknown_master_key_is_named_with_what_to_do() -> None:
    sealed = seal(RING, b"CANARY", bound_to=FIELD)
    with pytest.raises(NeedsHuman, match=OLD.key_id) as caught:
        open_(KeyRing((NEW,)), sealed, bound_to=FIELD)

    assert OLD.key_id in caught.value.remedy


def test_rotation_changes_the_wrapping_and_not_the_secret() -> None:
    sealed = seal(RING, b"CANARY", bound_to=FIELD)
    wrapped = rewrap(KeyRing((NEW, OLD)), sealed, bound_to=FIELD)

    assert wrapped.key_id == NEW.key_id
    assert wrapped.ciphertext == sealed.ciphertext
    assert open_(KeyRing((NEW,)), wrapped, bound_to=FIELD) == b"CANARY"
    assert rewrap(KeyRing((NEW, OLD)), wrapped, bound_to=FIELD) is wrapped


def test_a_row_is_not_moved_by_rotation() -> None:
    sealed = seal(RING, b"CANARY", bound_to=FIELD)
    with pytest.raises(NeedsHuman):
        rewrap(KeyRing((NEW, OLD)), sealed, bound_to="other/field")
