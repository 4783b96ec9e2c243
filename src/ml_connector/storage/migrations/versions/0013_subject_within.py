"""What a subject is part of at the source, by which many can be read in one call."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("alter table subject add column within text")
