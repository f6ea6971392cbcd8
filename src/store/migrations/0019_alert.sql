-- What the servers found to be amiss: a row for each time that a rule held of a subject, from when
-- it began to when it was over (`resolved_at_ms`, 0: not yet). Times are UTC milliseconds.
CREATE TABLE alert (
  id TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  severity TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  since_ms BIGINT NOT NULL,
  seen_at_ms BIGINT NOT NULL,
  resolved_at_ms BIGINT NOT NULL,
  acknowledged_by TEXT NOT NULL,
  acknowledged_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_firing ON alert (rule, subject) WHERE resolved_at_ms = 0;
