"""Forms and addresses of the console that are wrong: each is a page that says so."""

from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant
from bad_input.corpus import Case, as_bytes, cases, lengthened
from bad_input.inside import Inside, Person, Told
from web.conftest import receiver
from web.people import add_user

__all__ = ["receiver"]


@pytest.fixture(scope="module")
def person(receiver: Merchant) -> Iterator[Person]:
    add_user(receiver, "typist", "admin")
    with Inside(receiver) as opened:
        yield Person(opened, "typist")


def asked(person: Person, case: Case) -> Told:
    path = case.text("path")
    if "raw" in case.given:
        return person.send("POST", path, as_bytes(case.given["raw"]), case.given["type"])
    if case.given.get("method") == "GET":
        return person.send("GET", path, b"", "text/plain")
    fields = {name: lengthened(value) for name, value in case.given["fields"].items()}
    return person.post(path, fields)


@pytest.mark.parametrize("case", cases("forms"), ids=str)
def test_what_is_typed_wrong_into_a_form_is_said_on_a_page(person: Person, case: Case) -> None:
    told = asked(person, case)

    assert told.status == case.given["status"], told.text[-600:]
    assert "<script>alert" not in told.text
    assert "Traceback" not in told.text
