-- What the job of a piece was added with, so that it can be made again: priority, tenant, and what
-- else differs from the defaults, as the queue writes it.
alter table generation add column job_priority bigint not null default 0;
alter table generation add column job_group text;
alter table generation add column job_options text;
