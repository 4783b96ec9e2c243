"""The measure of forged signatures forges what it says, and would see one that passes."""

from random import Random

from ml_connector.bench.forgeries import forged, forgeries, genuine, is_accepted, secrets


def test_no_forged_signature_is_accepted_whatever_its_kind() -> None:
    measured = forged(count=2_400)
    found = {figure.name: figure.value for figure in measured.figures}

    assert measured.wrong == ()
    assert found["accepted"] == 0


def test_each_forgery_comes_from_a_delivery_that_would_be_accepted() -> None:
    random = Random(1)
    own = secrets(random)
    source = forgeries(random, own)
    kinds = {next(source).kind for _ in range(24)}

    assert all(is_accepted(genuine(random, one), own) for one in own)
    assert len(kinds) == 12
