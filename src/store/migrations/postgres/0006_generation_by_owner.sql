-- A piece is always looked for together with its owner, so one key of both serves every look-up and
-- the history in order (ids are UUIDv7, they sort by creation); one index less to write per piece.
alter table generation drop constraint generation_pkey;
drop index generation_history;
alter table generation add primary key (owner, id);
