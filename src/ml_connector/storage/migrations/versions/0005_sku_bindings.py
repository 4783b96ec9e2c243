"""Which NetSuite item a ShipBob inventory item is, with its history."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        create table sku_binding (
            id bigint generated always as identity primary key,
            connection text not null references connection,
            inventory_id bigint not null,
            item text not null,
            sku text not null,
            item_name text not null,
            reason text not null check (reason in ('matched', 'skus')),
            run_id bigint not null,
            bound_by text not null,
            bound_at timestamptz not null default now(),
            ended_at timestamptz,
            previous bigint references sku_binding
        )
        """
    )
    op.execute(
        "create unique index sku_binding_current on sku_binding (connection, inventory_id)"
        " where ended_at is null"
    )
    op.execute(
        "create index sku_binding_item on sku_binding (connection, item) where ended_at is null"
    )
    op.execute("create index sku_binding_history on sku_binding (connection, inventory_id, id)")
