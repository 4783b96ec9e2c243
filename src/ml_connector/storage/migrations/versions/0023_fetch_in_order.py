"""The next job of a lane, however many wait.

The library's function orders the waiting jobs by an index that it has for that. Tables that
live from moment to moment look empty to the planner, who would rather gather all waiting jobs
and sort them, for each single one that is fetched: 12 ms with 2,500 in a lane, and ever more.
"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute(
        "alter function procrastinate_fetch_job_v2(character varying[], bigint)"
        " set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off"
    )
