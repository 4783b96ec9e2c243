"""What every delivery paid for and nobody read.

The job library keeps a history of its jobs by triggers; ours is in the runs. And the inbox
named its connection and subject under foreign keys, whose checks lock the same two rows for
every delivery; both are written in one place, and neither is ever deleted.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

_HISTORY = (
    "procrastinate_trigger_status_events_insert_v1",
    "procrastinate_trigger_status_events_update_v1",
    "procrastinate_trigger_scheduled_events_v1",
    "procrastinate_trigger_abort_requested_events_v1",
)


def upgrade() -> None:
    for name in _HISTORY:
        op.execute(f"alter table procrastinate_jobs disable trigger {name}")
    op.execute(
        "alter table event drop constraint event_connection_fkey,"
        " drop constraint event_subject_id_fkey"
    )
    op.execute("alter table subject set (fillfactor = 70)")
