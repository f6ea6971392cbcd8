-- What flows, groups, deduplication, deferred failures and operators need to know of a job. The
-- table is written anew so that its wide columns still stand last (see 0001_job.sql).
-- `place` is the order among equals of a job that was moved; others stand at their `seq`.
-- `ready_at_ms` is set where it is neither the arrival nor `run_at_ms`.
-- `verdict` is the error (JSON) that the next start ends the job with, without a run.
-- `dedup` is the id under which the job was deduplicated.
-- `parent` is the parent's `seq`; its queue and id stand beside it for when it is gone.
-- `worker` is that of the newest start that ended.
CREATE TABLE job_whole (
  seq INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  starts INTEGER NOT NULL,
  stalls INTEGER NOT NULL,
  cancel INTEGER NOT NULL,
  added_at_ms BIGINT NOT NULL,
  run_at_ms BIGINT NOT NULL,
  ready_at_ms BIGINT,
  started_at_ms BIGINT NOT NULL,
  finished_at_ms BIGINT NOT NULL,
  place BIGINT,
  parent BIGINT,
  parent_queue TEXT,
  parent_id TEXT,
  user_id TEXT,
  grp TEXT,
  dedup TEXT,
  worker TEXT,
  options TEXT,
  traceparent TEXT,
  verdict TEXT,
  progress INTEGER NOT NULL,
  note TEXT,
  error TEXT,
  has_log INTEGER NOT NULL,
  checkpoint TEXT,
  result TEXT,
  data TEXT NOT NULL
);
INSERT INTO job_whole (seq, queue, id, kind, state, priority, attempts, starts, stalls, cancel,
  added_at_ms, run_at_ms, started_at_ms, finished_at_ms, options, traceparent, progress, note,
  error, has_log, checkpoint, result, data)
SELECT seq, queue, id, kind, state, priority, attempts, starts, stalls, cancel,
  added_at_ms, run_at_ms, started_at_ms, finished_at_ms, options, traceparent, progress, note,
  error, has_log, checkpoint, result, data FROM job;
DROP TABLE job;
ALTER TABLE job_whole RENAME TO job;

-- The children of a job, by both jobs' `seq`; a row stays as long as the parent's. `state` is that
-- of the child's end, or waiting as long as there is none. `open`: the parent waits for it.
-- `at_start` is the parent's number of starts when the child failed.
CREATE TABLE job_child (
  parent BIGINT NOT NULL,
  child BIGINT NOT NULL,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  on_failure INTEGER NOT NULL,
  state INTEGER NOT NULL,
  open INTEGER NOT NULL,
  at_start INTEGER NOT NULL,
  error TEXT,
  result TEXT,
  PRIMARY KEY (parent, child)
);

-- Who holds a deduplication id: until `until_ms`, or until the job has ended where it is null.
CREATE TABLE job_dedup (
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  owner TEXT NOT NULL,
  until_ms BIGINT,
  PRIMARY KEY (queue, id)
);

-- `limits` (JSON) of a queue, and of the groups that have some of their own.
ALTER TABLE job_queue ADD COLUMN limits TEXT;
CREATE TABLE job_group (
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  limits TEXT NOT NULL,
  PRIMARY KEY (queue, name)
);
