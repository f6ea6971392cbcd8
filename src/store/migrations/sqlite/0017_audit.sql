-- What operators and administrators did. Rows are only ever added; those of the last 30 days cannot
-- be removed, older ones go when their time is over. `shown` is how the actor showed who it is,
-- `outcome` asked, done or refused, `details` a JSON object without secrets.
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  actor TEXT NOT NULL,
  shown TEXT NOT NULL,
  role TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  address TEXT NOT NULL,
  request TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('asked', 'done', 'refused')),
  details TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_age ON audit (at_ms);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_target ON audit (target, id);

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'rows of audit are never changed');
END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN OLD.at_ms > CAST(strftime('%s', 'now') AS INTEGER) * 1000 - 2592000000
BEGIN
  SELECT RAISE(ABORT, 'rows of audit are kept for 30 days');
END;
-- INSERT OR REPLACE would else remove a row without the trigger above.
CREATE TRIGGER audit_added_once BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'rows of audit are never changed');
END;
