-- With what stock of both systems a month was closed: the next one opens with it.
alter table month_seal add column closing json;
