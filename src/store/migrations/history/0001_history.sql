-- The lasting record of jobs that ended; a database of its own. `seq` is the order of recording.
-- `job_key` is a hash of the id, so that its index is small; who looks compares queue and id too.
-- `state` is that of queue::job_state; `dead` is 1 while a failed job is a dead letter. The wide
-- columns stand last.
CREATE TABLE history (
  seq INTEGER PRIMARY KEY,
  job_key BIGINT NOT NULL,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  tenant TEXT NOT NULL,
  state INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  stalls INTEGER NOT NULL,
  fence BIGINT NOT NULL,
  worker TEXT NOT NULL,
  added_at_ms BIGINT NOT NULL,
  ready_at_ms BIGINT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT NOT NULL,
  cpu_us BIGINT NOT NULL,
  bytes_max BIGINT NOT NULL,
  fingerprint TEXT,
  error_code TEXT,
  error_final INTEGER NOT NULL,
  error_text TEXT,
  options TEXT,
  result TEXT,
  data TEXT
);
CREATE INDEX history_job ON history (job_key);
CREATE INDEX history_dead ON history (fingerprint, seq) WHERE dead = 1;

-- Runs that ended while their job went on, and the last runs of jobs that were started again.
CREATE TABLE history_run (
  run INTEGER PRIMARY KEY,
  job_key BIGINT NOT NULL,
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  fence BIGINT NOT NULL,
  worker TEXT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  cpu_us BIGINT NOT NULL,
  bytes_max BIGINT NOT NULL,
  error_code TEXT,
  error_text TEXT
);
CREATE INDEX history_run_job ON history_run (job_key);

-- Dead letters of one fingerprint; a row goes with its last letter.
CREATE TABLE history_dead_group (
  fingerprint TEXT PRIMARY KEY,
  queue TEXT NOT NULL,
  kind TEXT NOT NULL,
  letters BIGINT NOT NULL,
  last_seq BIGINT NOT NULL
);
CREATE INDEX history_dead_group_last ON history_dead_group (last_seq);

-- The parts of the index of words: each covers a span of `seq`, in its own table, and is emptied
-- whole once the rows of its span are gone.
CREATE TABLE history_part (
  slot INTEGER PRIMARY KEY,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL
);
