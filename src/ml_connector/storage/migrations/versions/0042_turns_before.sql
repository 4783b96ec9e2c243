-- Of a daily thing: the turn before, or one that lies ahead of a clock that was set back since.
alter table turn add column taken_before timestamptz;
