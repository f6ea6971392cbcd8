-- Requests that a key made in a UTC day (days since 1970); kept as long as analytics look back.
CREATE TABLE api_key_use (
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  day BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (account, key, day)
) WITHOUT ROWID;
CREATE INDEX api_key_use_day ON api_key_use (day);

-- What clients report of themselves; ids are UUIDv7. `properties` is a JSON object.
CREATE TABLE analytics_event (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  event TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  properties TEXT NOT NULL,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX analytics_event_time ON analytics_event (at_ms, event);
