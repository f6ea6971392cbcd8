-- What came of a job that has ended: one row from its end until the job is removed or retried. The
-- job's own row stays as it is and `job_now` reads the two as one. An end is the change that comes
-- most often: a row that grows in place splits the full page it stands in, one that is appended
-- does not. So `state` of the table job is never that of an ended job.
CREATE TABLE job_end (
  seq INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  starts INTEGER NOT NULL,
  stalls INTEGER NOT NULL,
  started_at_ms BIGINT NOT NULL,
  finished_at_ms BIGINT NOT NULL,
  worker TEXT,
  progress INTEGER NOT NULL,
  has_log INTEGER NOT NULL,
  note TEXT,
  error TEXT,
  result TEXT
);
INSERT INTO job_end (seq, state, attempts, starts, stalls, started_at_ms, finished_at_ms, worker,
  progress, has_log, note, error, result)
SELECT seq, state, attempts, starts, stalls, started_at_ms, finished_at_ms, worker, progress,
  has_log, note, error, result FROM job WHERE state IN (5, 6);
UPDATE job SET state = CASE WHEN priority = 0 THEN 0 ELSE 1 END, error = NULL, result = NULL
WHERE state IN (5, 6);

CREATE VIEW job_now AS
SELECT job.seq AS seq, queue, id, kind, priority, cancel, added_at_ms, ready_at_ms, place, parent,
  parent_queue, parent_id, user_id, grp, dedup, options, traceparent, verdict, checkpoint, data,
  coalesce(job_end.state, job.state) AS state,
  coalesce(job_end.attempts, job.attempts) AS attempts,
  coalesce(job_end.starts, job.starts) AS starts,
  coalesce(job_end.stalls, job.stalls) AS stalls,
  coalesce(job_end.started_at_ms, job.started_at_ms) AS started_at_ms,
  coalesce(job_end.finished_at_ms, 0) AS finished_at_ms,
  coalesce(job_end.progress, job.progress) AS progress,
  coalesce(job_end.has_log, job.has_log) AS has_log,
  CASE WHEN job_end.seq IS NULL THEN job.run_at_ms ELSE 0 END AS run_at_ms,
  CASE WHEN job_end.seq IS NULL THEN job.worker ELSE job_end.worker END AS worker,
  CASE WHEN job_end.seq IS NULL THEN job.note ELSE job_end.note END AS note,
  CASE WHEN job_end.seq IS NULL THEN job.error ELSE job_end.error END AS error,
  job_end.result AS result
FROM job LEFT JOIN job_end ON job_end.seq = job.seq;
