-- Jobs of the embedded queue, one row each. The process that owns the file keeps what it needs to
-- schedule them in memory (ids included, hence no index here) and rebuilds it from these rows.
-- `seq` is the order of arrival and the handle by which every later write finds its row.
-- `state` is that of queue::job_state, but never active: who runs is told by job_start.
-- The wide columns stand last, so that a rebuild need not read over them.
CREATE TABLE job (
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
  started_at_ms BIGINT NOT NULL,
  finished_at_ms BIGINT NOT NULL,
  options TEXT,
  traceparent TEXT,
  progress INTEGER NOT NULL,
  note TEXT,
  error TEXT,
  has_log INTEGER NOT NULL,
  checkpoint TEXT,
  result TEXT,
  data TEXT NOT NULL
);

-- The starts on record: one row a claim, `jobs` a list of (seq, fence) pairs, eight bytes each,
-- little-endian. A pair counts while the fence is above the job's `starts`; what a row holds beyond
-- that is spent, and the row is written over by a later claim.
CREATE TABLE job_start (
  slot INTEGER PRIMARY KEY,
  worker TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  jobs BLOB NOT NULL
);

-- The log of one job, a row a run, lines joined by line feeds.
CREATE TABLE job_log (
  seq INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  lines TEXT NOT NULL,
  PRIMARY KEY (seq, fence)
);

CREATE TABLE job_queue (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL
);
