"""The closing balances of a month that was sealed."""

from pathlib import Path

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
