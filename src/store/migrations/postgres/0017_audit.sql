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
);
CREATE INDEX audit_age ON audit (at_ms);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_target ON audit (target, id);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at_ms <= extract(epoch from now())::BIGINT * 1000 - 2592000000 THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'rows of audit are never changed, and kept for 30 days'
    USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
