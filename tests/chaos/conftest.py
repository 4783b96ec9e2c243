"""A merchant whose processes are killed and stopped."""

from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant


@pytest.fixture(scope="module")
def acme(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("chaos"), url) as made,
    ):
        yield made


@pytest.fixture(autouse=True)
def books_are_right_afterwards(acme: Merchant) -> Iterator[None]:
    """After each test stock and journal agree, and no document is there twice."""
    yield
    acme.world.netsuite.faults.clear()
    external_ids = acme.external_ids()

    assert acme.books().agree
    assert len(external_ids) == len(set(external_ids))
    assert acme.rows("select key from subject where state <> 'done'") == []
    assert acme.rows("select id from posting where state not in ('done', 'adopted')") == []
