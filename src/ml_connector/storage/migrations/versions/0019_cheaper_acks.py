"""What every delivery paid for and nobody read: the job library's history of its jobs.

The library keeps it by triggers; ours is in the runs.
"""

from alembic import op

revision = "0019"
down_revision = "0018"

_HISTORY = (
    "procrastinate_trigger_status_events_insert_v1",
    "procrastinate_trigger_status_events_update_v1",
    "procrastinate_trigger_scheduled_events_v1",
    "procrastinate_trigger_abort_requested_events_v1",
)


def upgrade() -> None:
    for name in _HISTORY:
        op.execute(f"alter table procrastinate_jobs disable trigger {name}")
    op.execute("alter table subject set (fillfactor = 70)")
