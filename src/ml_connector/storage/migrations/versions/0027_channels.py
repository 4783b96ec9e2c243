"""The channels that ShipBob lists for a connection's account; null: it was never asked."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("alter table connection add column channels bigint[]")
