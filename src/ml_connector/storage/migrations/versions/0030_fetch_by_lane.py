"""The next job of a lane, however many wait in others.

The library looks for it in the order of all waiting jobs of all lanes, so that whoever had
nothing to do read another connection's whole backlog to find that out, again and again.
"""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("drop index procrastinate_jobs_priority_idx_v1")
    op.execute(
        "create index procrastinate_jobs_lane on procrastinate_jobs"
        " (queue_name, priority desc, id) where status = 'todo'"
    )
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
