"""Connections that are held after a restore, until a person releases them."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute(
        "alter table connection add column if not exists held_at timestamptz,"
        " add column if not exists backup_made_at timestamptz"
    )
