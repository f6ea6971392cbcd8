-- Rooms in which accounts work together. `version` counts edits of the room itself, `said` numbers
-- its messages, `members` counts its rows of room_member. Times are UTC milliseconds.
CREATE TABLE room (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  is_public BIGINT NOT NULL,
  version BIGINT NOT NULL,
  members BIGINT NOT NULL,
  said BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL
);
CREATE INDEX room_owner ON room (owner, id);
CREATE INDEX room_public ON room (is_public, id);

CREATE TABLE room_member (
  room TEXT NOT NULL,
  account TEXT NOT NULL,
  role TEXT NOT NULL,
  joined_at_ms BIGINT NOT NULL,
  PRIMARY KEY (room, account)
);
CREATE INDEX room_member_account ON room_member (account, room);

-- Who may join: an account, or whoever has the account with this e-mail (`login`); the other of the
-- two is empty.
CREATE TABLE room_invitation (
  id TEXT PRIMARY KEY,
  room TEXT NOT NULL,
  account TEXT NOT NULL,
  login TEXT NOT NULL,
  role TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX room_invitation_room ON room_invitation (room, account, login);
CREATE INDEX room_invitation_account ON room_invitation (account, id);
CREATE INDEX room_invitation_login ON room_invitation (login, id);

CREATE TABLE room_message (
  room TEXT NOT NULL,
  number BIGINT NOT NULL,
  id TEXT NOT NULL,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (room, number)
);

-- Rooms whose members changed lately: what the servers that have them live look for.
CREATE TABLE room_change (
  id TEXT PRIMARY KEY,
  room TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE INDEX room_change_age ON room_change (at_ms);
