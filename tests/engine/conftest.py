import pytest

from engine.workshop import Workshop
from ml_connector.storage.database import Database


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    return await Workshop(database).set_up()
