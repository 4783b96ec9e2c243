"""Units that leave stock are accounted for by others' documents as well: with a minus."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute(
        "alter table handled_line drop constraint handled_line_quantity_check,"
        " add constraint handled_line_quantity_check check (quantity <> 0)"
    )
