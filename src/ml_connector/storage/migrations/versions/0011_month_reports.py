"""Month-end reports that were made: who, when, on which head of the journal, with what result."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
        create sequence month_report_id;
        create table month_report (
            id bigint primary key default nextval('month_report_id'),
            connection text not null references connection,
            month text not null,                 -- such as 2026-11
            made_at timestamptz not null default now(),
            person text not null,
            green boolean not null,
            open int not null,                   -- differences to resolve
            explained int not null,              -- differences shown with their reason
            head_number bigint not null,         -- the journal chain's last row
            head_hash text not null,
            files json not null,                 -- path to SHA-256
            differences json not null            -- the open ones, whole
        );
        create index month_report_month on month_report (connection, month);
        -- A month is found in a journal of many years: rows come in the order of their days.
        create index journal_posting_day on journal using brin (posting_date);
        create index journal_fact_day on journal using brin (fact_date)
    """)
