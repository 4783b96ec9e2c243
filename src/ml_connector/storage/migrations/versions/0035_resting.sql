-- Runs whose decision refuses units because documents of others show them: few among all.

create index run_rests_on on run (subject_id, id) where decision -> 'rests_on' is not null;
