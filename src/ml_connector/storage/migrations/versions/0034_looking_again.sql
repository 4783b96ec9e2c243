alter table subject
    add column stopped_as text,               -- the cause of its last stop, until it converges
    add column wakes int not null default 0,  -- wake-ups in a row that ended in the same stop
    add column looks int not null default 0,  -- looks and wake-ups in a row that changed nothing
    add column look_at timestamptz,           -- when it is looked at again, if it still stops
    add column seen text[] not null default '{}';  -- awaited things that are there in vain

update subject set stopped_as = cause, look_at = now() where state in ('parked', 'dead');

create index subject_look_at on subject (connection, look_at) where state in ('parked', 'dead');

-- After so many looks that changed nothing: the pause until the next.

create function look_again_after(looks int) returns interval
language sql immutable
return least(interval '6 hours', interval '5 minutes' * power(2, least(looks, 10)));
