-- Of a queue that lives in Redis: what stands between a commit here and the change there.
-- A row of `outbox` is a script with its arguments that must be run once the commit is certain; it
-- is deleted when Redis has answered, and repeated if nobody did. Repeating changes nothing.
CREATE TABLE queue_outbox (
  id TEXT PRIMARY KEY,
  script TEXT NOT NULL,
  words TEXT NOT NULL,
  queue TEXT NOT NULL,
  job TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE INDEX queue_outbox_job ON queue_outbox (queue, job);
-- The newest start of a job whose lease ran out before: a writer with an older one is refused.
CREATE TABLE queue_fence (
  queue TEXT NOT NULL,
  job TEXT NOT NULL,
  fence BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (queue, job)
);
CREATE INDEX queue_fence_age ON queue_fence (at_ms);
