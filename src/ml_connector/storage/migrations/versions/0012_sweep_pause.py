"""A sweep that failed waits before it asks again."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("alter table turn add column not_before timestamptz not null default '-infinity'")
