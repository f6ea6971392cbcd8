-- Who uses the program. `login` is the e-mail in lower case of those who sign in here with a
-- password; those whom another issuer vouches for have its subject in `external_id` instead.
-- Times are UTC milliseconds, 0: not.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  login TEXT,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  tier TEXT NOT NULL,
  password TEXT,
  external_id TEXT,
  disabled_at_ms BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_login ON account (login);
CREATE UNIQUE INDEX account_external ON account (external_id);

-- A log-in that is kept by rotating a refresh token. A token has two parts: `family` is the SHA-256
-- of the one that stays, `token` and `token_before` those of the one that changes with each use.
-- The token is derived from the one before under `seed`, so that a repeated use gives it again.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  family TEXT NOT NULL,
  token TEXT NOT NULL,
  token_before TEXT NOT NULL,
  seed TEXT NOT NULL,
  device TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_family ON session (family);
CREATE INDEX session_account ON session (account, id);
CREATE INDEX session_expiry ON session (expires_at_ms);

-- `digest` is the SHA-256 of the key, `ending` its last four characters; `scopes` are words with
-- spaces between, none means all.
CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  ending TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX api_key_digest ON api_key (digest);
CREATE INDEX api_key_account ON api_key (account, id);

-- What other processes must forget of verified identities: one session or key, or with an empty
-- `session` all of the account.
CREATE TABLE revocation (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  session TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE INDEX revocation_age ON revocation (at_ms);

-- What the program keeps for itself, by name: the digest of the link that sets the first
-- administrator up.
CREATE TABLE program_secret (
  name TEXT PRIMARY KEY,
  secret TEXT NOT NULL
);
