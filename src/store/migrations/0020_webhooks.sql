-- Addresses that are told of events. `events` has the names between commas, each with one before
-- and behind it, or nothing: all. What is signed needs the secret itself, so it is kept; the one
-- before counts until its time. `failures` are deliveries in a row that were given up. Times are
-- UTC milliseconds, 0: not.
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  description TEXT NOT NULL,
  active BIGINT NOT NULL,
  secret TEXT NOT NULL,
  secret_before TEXT NOT NULL,
  before_until_ms BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  disabled_at_ms BIGINT NOT NULL,
  disabled_why TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL
);
CREATE INDEX webhook_owner ON webhook (owner, id);

-- One message for one address, written in the commit of what it tells. Its id is a UUIDv7, a dot
-- and the id of the webhook; its job in the queue "webhooks" has the same id and is added when
-- `queued` is 0. `state`: pending, delivered, failed, dropped. `forced` ones go out whatever the
-- webhook's switch says. `status` is that of the last reply, 0: there was none.
CREATE TABLE webhook_delivery (
  webhook TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  message TEXT NOT NULL,
  event TEXT NOT NULL,
  payload TEXT NOT NULL,
  state TEXT NOT NULL,
  forced BIGINT NOT NULL,
  queued BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  status BIGINT NOT NULL,
  problem TEXT NOT NULL,
  took_ms BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  tried_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT NOT NULL,
  PRIMARY KEY (webhook, id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (id) WHERE queued = 0;
CREATE INDEX webhook_delivery_owed ON webhook_delivery (id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at_ms);
