-- Everything that an arrival does to the books, in one call: an acknowledgement waits for one
-- answer of the database and not for five.

-- The library tells every worker of every job, twice. One word for each lane is enough: who
-- hears it fetches until nothing is left.

alter table procrastinate_jobs disable trigger procrastinate_jobs_notify_queue_job_inserted_v1;

create function notify_lanes() returns trigger language plpgsql as $$
begin
    perform pg_notify('procrastinate_queue_v1#' || queue_name,
                      json_build_object('type', 'job_inserted', 'job_id', max(id))::text)
    from added where status = 'todo' group by queue_name;
    return null;
end;
$$;
create trigger jobs_notify_lanes after insert on procrastinate_jobs
    referencing new table as added for each statement execute function notify_lanes();

-- Stores those deliveries that are new, marks their subjects and sees that each has a job.
--
-- arrivals: a document with one object for each: connection, source, delivery_id, topic, flow
--   and key (both null: about nothing we handle), within, status, cause, sentence, remedy,
--   headers, sent_at.
-- bodies: their raw bytes, in the same order.
-- task, priority: of the jobs.
-- Returns, in the same order, the event's id and whether it was stored just now.
--
-- Tables that have just begun to grow look empty to the planner, who would read them from one
-- end to the other ever longer; so each look goes by an index, with one plan for all calls.

create function take_in(arrivals json, bodies bytea[], task text, priority int)
returns table (event_id bigint, is_new boolean) language plpgsql
set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    places bigint[];
    ids bigint[];
    lanes text[];
    jobless bigint[];
    jobs bigint[];
begin
    with arrived as (
        select * from rows from (
            json_to_recordset(arrivals) as (
                connection text, source text, delivery_id text, topic text, flow text, key text,
                within text, status text, cause text, sentence text, remedy text, headers json,
                sent_at timestamptz),
            unnest(bodies)
        ) with ordinality as a(connection, source, delivery_id, topic, flow, key, within, status,
                               cause, sentence, remedy, headers, sent_at, body, place)
    ), once as (
        select a.connection, a.delivery_id, min(a.place) as place from arrived as a group by 1, 2
    ), numbered as (
        select o.connection, o.delivery_id, nextval('event_ids') as id
        from (select * from once order by place) as o
    ), let_in as (
        -- In one order for everybody, so that two calls never wait for each other in a ring.
        insert into delivery (connection, delivery_id, event_id)
        select n.connection, n.delivery_id, n.id from numbered as n
        order by n.connection collate "C", n.delivery_id collate "C"
        on conflict (connection, delivery_id) do nothing
        returning delivery.connection, delivery.delivery_id, delivery.event_id as id
    ), fresh as (
        select l.id, a.* from let_in as l
        join once as o on (o.connection, o.delivery_id) = (l.connection, l.delivery_id)
        join arrived as a on a.place = o.place
    ), marked as (
        insert into subject as s (connection, flow, key, within, marked)
        select f.connection, f.flow, f.key, max(f.within), 1 from fresh as f
        where f.key is not null group by 1, 2, 3
        order by f.connection collate "C", f.flow collate "C", f.key collate "C"
        on conflict (connection, flow, key) do update set
            marked = s.marked + 1, within = coalesce(excluded.within, s.within),
            state = case when s.state in ('done', 'parked', 'dead') then 'received' else s.state end,
            attempt = case when s.state in ('done', 'parked', 'dead') then 0 else s.attempt end,
            changed_at = case when s.state in ('done', 'parked', 'dead') then now()
                else s.changed_at end
        returning s.id, s.connection, s.flow, s.key, s.marked, s.job_id, s.due_at
    ), stored as (
        insert into event (id, connection, source, delivery_id, topic, flow, subject_id, mark,
                           status, cause, sentence, remedy, headers, body, sent_at)
        select f.id, f.connection, f.source, f.delivery_id, f.topic, f.flow, m.id, m.marked,
               f.status, f.cause, f.sentence, f.remedy, f.headers, f.body, f.sent_at
        from fresh as f
        left join marked as m on (m.connection, m.flow, m.key) = (f.connection, f.flow, f.key)
    ), without_job as (
        -- A subject that is tried again much later runs at once when there is news of it.
        select m.id, m.connection from marked as m where case
            when m.job_id is null then true
            when m.due_at is null or m.due_at <= now() + interval '30 seconds' then false
            else procrastinate_cancel_job_v1(m.job_id, false, true) is not null end
    )
    select
        (select array_agg(f.place order by f.id) from fresh as f),
        (select array_agg(f.id order by f.id) from fresh as f),
        w.lanes, w.ids
    into places, ids, lanes, jobless
    from (select array_agg(w.connection order by w.id) as lanes,
                 array_agg(w.id order by w.id) as ids from without_job as w) as w;

    if jobless is not null then
        jobs := procrastinate_defer_jobs_v1(array(
            select row(w.lane, task, take_in.priority, null, null,
                       jsonb_build_object('subject_id', w.id), null)
                   ::procrastinate_job_to_defer_v1
            from unnest(lanes, jobless) with ordinality as w(lane, id, number)
            order by w.number));
        update subject as s set job_id = j.job
        from unnest(jobless, jobs) as j(subject, job)
        where s.id = any (jobless) and s.id = j.subject;
    end if;

    return query
        select coalesce(f.id, (select d.event_id from delivery as d
                               where (d.connection, d.delivery_id) = (a.connection, a.delivery_id))),
               f.id is not null
        from rows from (
            json_to_recordset(arrivals) as (connection text, delivery_id text)
        ) with ordinality as a(connection, delivery_id, place)
        left join unnest(places, ids) as f(place, id) on f.place = a.place
        order by a.place;
end;
$$;
