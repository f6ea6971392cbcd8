-- One piece of music that somebody asked for; its job in the queue "generation" has the same id.
-- Ids are UUIDv7, so they sort by creation: the index by owner is the history in order.
create table generation (
  id text primary key,
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
  finished_at_ms bigint
);
create index generation_history on generation (owner, id);
