-- What the owner of a piece says of it: its name (until then the composed one), words to find it by
-- (each between line feeds), whether it is a favourite. `version` grows with each such change.
-- `style` is the one that the composer played.
alter table generation add column title text;
alter table generation add column tags text;
alter table generation add column favourite bigint not null default 0;
alter table generation add column version bigint not null default 1;
alter table generation add column style text;
update generation set title = result::json ->> 'title',
  style = result::json #>> '{understood,style,value}'
where status = 'completed' and result like '{%';
