"""How far a source was polled for changes."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        create table poll (
            connection text not null references connection on delete cascade,
            flow text not null,
            account_time text not null,
            polled_at timestamptz not null,
            full_at timestamptz not null,
            primary key (connection, flow)
        )
        """
    )
