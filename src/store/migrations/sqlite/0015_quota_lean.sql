-- The same ledger without its checks: they cost SQLite as much as the rest of an insert, and the one
-- place that writes entries writes them in turn. Those of the counters stay; limits rest on them.
CREATE TABLE quota_entry_lean (
  account TEXT NOT NULL,
  generation TEXT NOT NULL,
  step BIGINT NOT NULL,
  kind TEXT NOT NULL,
  units BIGINT NOT NULL,
  day TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (account, generation, step)
) WITHOUT ROWID;
INSERT INTO quota_entry_lean SELECT account, generation, step, kind, units, day, at_ms
FROM quota_entry ORDER BY account, generation, step;
DROP TABLE quota_entry;
ALTER TABLE quota_entry_lean RENAME TO quota_entry;
