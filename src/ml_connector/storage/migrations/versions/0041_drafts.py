"""Connections that are being set up in the console, and their sealed secrets."""

from pathlib import Path

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
