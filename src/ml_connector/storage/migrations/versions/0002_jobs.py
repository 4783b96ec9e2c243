"""The tables of the job library, as its pinned version (3.10) ships them."""

from importlib.resources import files

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    schema = files("procrastinate").joinpath("sql/schema.sql").read_text("utf-8")
    # Its text holds percent signs and colons: past the driver's placeholders, one round trip.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - a live connection has a driver
    driver.execute(schema)
