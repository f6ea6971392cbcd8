-- What runs at given times. The definition first (`version` counts its edits), then where the
-- schedule stands. Times are UTC milliseconds, 0: none. A schedule that has ended has no next run.
-- `missed` and `overlap` are the numbers of queue::missed_rule and queue::overlap_rule; exactly one
-- of `cron` and `every_ms` is set. The job's priority, group, deduplication and user have columns
-- of their own, its other options are one text as in the table job.
CREATE TABLE schedule (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  system INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  cron TEXT,
  zone TEXT NOT NULL,
  every_ms BIGINT NOT NULL,
  start_at_ms BIGINT NOT NULL,
  end_at_ms BIGINT NOT NULL,
  run_limit BIGINT NOT NULL,
  missed INTEGER NOT NULL,
  overlap INTEGER NOT NULL,
  queue TEXT NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT NOT NULL,
  priority INTEGER NOT NULL,
  grp TEXT NOT NULL,
  dedup TEXT NOT NULL,
  options TEXT NOT NULL,
  data TEXT NOT NULL,
  next_run_ms BIGINT NOT NULL,
  last_run_ms BIGINT NOT NULL,
  last_queue TEXT NOT NULL,
  last_job TEXT NOT NULL,
  runs BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL
);
CREATE INDEX schedule_due ON schedule (next_run_ms) WHERE next_run_ms > 0 AND paused = 0;

-- Who starts the due runs. `beat` grows while the holder lives; `fence` with each new holder, and
-- every write of a holder carries its own. An empty holder has gone of its own accord.
CREATE TABLE schedule_leader (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  fence BIGINT NOT NULL,
  beat BIGINT NOT NULL
);
