-- The library's function, for one queue: our workers have one each, and no job has a lock.
-- Why it must not sort: 0023.

create or replace function procrastinate_fetch_job_v2(
    target_queue_names character varying[], p_worker_id bigint
) returns procrastinate_jobs
language plpgsql set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
declare
    lane character varying := target_queue_names[1];
    found_job procrastinate_jobs;
begin
    if cardinality(target_queue_names) is distinct from 1 then
        raise 'a worker works one lane, not %', target_queue_names;
    end if;
    with candidate as (
        select jobs.id from procrastinate_jobs as jobs
        where jobs.status = 'todo' and jobs.queue_name = lane
            and (jobs.scheduled_at is null or jobs.scheduled_at <= now())
        order by jobs.priority desc, jobs.id
        limit 1
        for update of jobs skip locked
    )
    update procrastinate_jobs set status = 'doing', worker_id = p_worker_id
    from candidate where procrastinate_jobs.id = candidate.id
    returning procrastinate_jobs.* into found_job;
    return found_job;
end;
$$;
