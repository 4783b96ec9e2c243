"""Which life of the database this is; a restore begins another one."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(
        """
        create table generation (
            number bigint not null,  -- seconds since 1970, when it began; never the same again
            is_one boolean primary key default true check (is_one)
        )
        """
    )
    op.execute("insert into generation (number) values (extract(epoch from now())::bigint)")
