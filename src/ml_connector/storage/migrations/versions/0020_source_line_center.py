"""At which fulfillment center a line of a source moves stock.

Lines that a run will not see again, such as refused ones, take it from the facts of the run
that saw them last.
"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("alter table source_line add column center bigint")
    op.execute(
        "update source_line as l set center = case l.flow"
        " when 'receiving' then (r.facts ->> 'fulfillment_center_id')::bigint"
        " when 'returns' then (r.facts ->> 'center_id')::bigint"
        " when 'tracking' then (select (one ->> 'center_id')::bigint"
        "  from json_array_elements(r.facts -> 'shipments') as one"
        "  where one ->> 'id' = s.key limit 1) end"
        " from run as r, subject as s where r.id = l.run_id and s.id = l.subject_id"
        " and l.flow in ('receiving', 'returns', 'tracking') and l.quantity is not null"
        " and l.name not like '% dispose' and r.facts is not null"
        " and (s.state <> 'done' or s.waits <> ''"
        "  or exists (select 1 from refusal as f where f.subject_id = l.subject_id))"
    )
