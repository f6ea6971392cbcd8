-- SQLite's function of that name, as far as it is used: '$.a.b' of a text that is JSON.
CREATE FUNCTION json_extract(document TEXT, path TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS
'SELECT document::json #>> string_to_array(substr(path, 3), ''.'')';

-- Requests that a key made in a UTC day (days since 1970); kept as long as analytics look back.
CREATE TABLE api_key_use (
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  day BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (account, key, day)
);
CREATE INDEX api_key_use_day ON api_key_use (day);

-- What clients report of themselves; ids are UUIDv7. `properties` is a JSON object.
CREATE TABLE analytics_event (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  event TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  properties TEXT NOT NULL,
  PRIMARY KEY (account, id)
);
CREATE INDEX analytics_event_time ON analytics_event (at_ms, event);
