-- Replies that are given again to a caller who repeats a request under the same Idempotency-Key:
-- one row a key, written in the commit of what the request made. `fingerprint` is the SHA-256 of the
-- request; rows are forgotten a day after they were made.
CREATE TABLE idempotency_key (
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status BIGINT NOT NULL,
  reply TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at_ms);
