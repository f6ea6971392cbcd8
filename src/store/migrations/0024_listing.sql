-- Keys with which the program signs (Ed25519): one is current (retired_at_ms 0), of the others only
-- the public half is kept. Both in base64url.
CREATE TABLE signing_key (
  id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  retired_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_key_current ON signing_key (retired_at_ms) WHERE retired_at_ms = 0;

-- A finished piece that is offered, and who holds it. `certificate` is the signed document as it is
-- given out. A piece has one listing; it is sold once.
CREATE TABLE listing (
  id TEXT PRIMARY KEY,
  piece TEXT NOT NULL,
  seller TEXT NOT NULL,
  holder TEXT NOT NULL,
  status TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  style TEXT NOT NULL,
  facts TEXT NOT NULL,
  audio TEXT NOT NULL,
  certificate TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  sold_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX listing_piece ON listing (piece);
CREATE INDEX listing_offered ON listing (status, id);
CREATE INDEX listing_price ON listing (status, currency, price_minor, id);
CREATE INDEX listing_holder ON listing (holder, id);
CREATE INDEX listing_seller ON listing (seller, id);

-- What became of listings: rows are only ever added. The key lets each step be taken once.
CREATE TABLE listing_entry (
  listing TEXT NOT NULL,
  step BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('listed', 'priced', 'sold', 'transferred', 'withdrawn')),
  from_account TEXT NOT NULL,
  to_account TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (listing, step)
);
