"""What a journal line of money or of a parcel needs: an account, and words for a person."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("alter table journal add column account text, add column detail text")
