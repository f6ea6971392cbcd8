-- A piece is always looked for together with its owner, so one key of both serves every look-up and
-- the history in order (ids are UUIDv7, they sort by creation); one index less to write per piece.
-- Its job carries the owner as its user.
update job set user_id = (select owner from generation where generation.id = job.id)
where kind = 'generation' and user_id is null;
create table generation_by_owner (
  id text not null,
  owner text not null,
  status text not null default 'pending',
  prompt text not null,
  request text not null,
  error_code text,
  error_message text,
  result text,
  fence bigint not null default 0,
  created_at_ms bigint not null,
  started_at_ms bigint,
  finished_at_ms bigint,
  primary key (owner, id)
);
insert into generation_by_owner (id, owner, status, prompt, request, error_code, error_message,
  result, fence, created_at_ms, started_at_ms, finished_at_ms)
select id, owner, status, prompt, request, error_code, error_message, result, fence, created_at_ms,
  started_at_ms, finished_at_ms from generation order by owner, id;
drop table generation;
alter table generation_by_owner rename to generation;
