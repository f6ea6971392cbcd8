-- What accounts have used of their quota. `quota_entry` is the ledger: rows are only ever added. Of
-- one generation the steps alternate: odd ones reserve, the even one behind it commits or refunds,
-- so that the key itself lets each reservation end once. `day` is the UTC day that was charged, its
-- first seven characters the month; an end repeats that of its reservation.
CREATE TABLE quota_entry (
  account TEXT NOT NULL,
  generation TEXT NOT NULL,
  step BIGINT NOT NULL CHECK (step > 0),
  kind TEXT NOT NULL CHECK (kind IN ('reserve', 'commit', 'refund')),
  units BIGINT NOT NULL CHECK (units > 0),
  day TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (account, generation, step),
  CHECK ((kind = 'reserve') = (step % 2 = 1))
) WITHOUT ROWID;
-- The sums of the ledger by account and period ('2026-11', '2026-11-23'): what is reserved and not
-- refunded. `most` is the limit under which was last reserved.
CREATE TABLE quota_use (
  account TEXT NOT NULL,
  period TEXT NOT NULL,
  used BIGINT NOT NULL CHECK (used >= 0),
  most BIGINT NOT NULL,
  PRIMARY KEY (account, period),
  CHECK (used <= most)
) WITHOUT ROWID;
