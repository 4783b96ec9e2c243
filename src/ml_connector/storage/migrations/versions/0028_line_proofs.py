"""Orders whose line numbers were compared on their own record in NetSuite."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(
        """
        create table line_proof (
            connection text not null references connection,
            account text not null,
            record_type text not null,
            order_id text not null,
            lines jsonb not null,  -- {"4": "501"}: NetSuite's item by line
            proved_at timestamptz not null default now(),
            primary key (connection, account, record_type, order_id)
        )
        """
    )
