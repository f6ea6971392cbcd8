-- Links by which a piece is heard without an account. `digest` is the SHA-256 of the link's token,
-- `ending` its last four characters. Times are UTC milliseconds, 0: never.
CREATE TABLE piece_share (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  piece TEXT NOT NULL,
  digest TEXT NOT NULL,
  ending TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX piece_share_digest ON piece_share (digest);
CREATE INDEX piece_share_piece ON piece_share (owner, piece, id);

-- Pieces that were deleted and whose files may still be there: a run that was under way may have
-- ended after them.
CREATE TABLE deleted_piece (
  id TEXT PRIMARY KEY,
  at_ms BIGINT NOT NULL
);
CREATE INDEX deleted_piece_age ON deleted_piece (at_ms);
