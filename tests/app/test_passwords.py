import pytest

from ml_connector.app.users.passwords import MOST_CHARACTERS, Comparing, check_password, hashed
from ml_connector.errors import UserError
from ml_connector.secret import Secret


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("ninechars", "fewer than 10"),
        ("x" * (MOST_CHARACTERS + 1), "more than 256"),
        ("Basketball", "everybody tries first"),
        ("1234567890", "everybody tries first"),
        ("dana.smith12", 'little more than "dana.smith"'),
        ("NetSuite2026", 'little more than "netsuite"'),
        ("ml-connector!", 'little more than "ml-connector"'),
    ],
)
def test_a_password_that_is_guessed_is_refused(password: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_password(Secret(password), where="test", name="dana.smith")


@pytest.mark.parametrize(
    "password",
    [
        "four odd words there",
        "          x",
        "häßliche Wörter",
        "x9" * 64,
        "dana sees shipbob at sea",
    ],
)
def test_any_other_password_will_do(password: str) -> None:
    check_password(Secret(password), where="test", name="dana")


async def test_a_password_is_compared_to_the_letter() -> None:
    comparing = Comparing()
    kept = hashed(Secret("Four odd words "))

    assert kept.startswith("$argon2id$")
    assert await comparing.fits(kept, Secret("Four odd words "))
    assert not await comparing.fits(kept, Secret("four odd words "))
    assert not await comparing.fits(kept, Secret("Four odd words"))
    assert not await comparing.fits(None, Secret(""))
