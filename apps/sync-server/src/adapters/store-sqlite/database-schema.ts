/** "CSSY": says in the file's header whose it is. */
export const APPLICATION_ID = 0x43535359
export const SCHEMA_VERSION = 1

/*
 * Every table is reached through a team, directly or through `streams`. `entries` is the only record of a stream's head:
 * there is nothing that could disagree with it.
 */
export const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE setup_tokens (hash BLOB PRIMARY KEY, team TEXT, genesis BLOB) STRICT;
  CREATE TABLE streams (
    number INTEGER PRIMARY KEY,
    team TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (team, name)
  ) STRICT;
  CREATE TABLE entries (
    stream INTEGER NOT NULL REFERENCES streams,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entries_by_seq ON entries (stream, seq);
  CREATE UNIQUE INDEX entries_by_id ON entries (stream, id);
  CREATE TABLE mailboxes (
    mailbox TEXT PRIMARY KEY,
    team TEXT NOT NULL,
    member TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    joiner BLOB
  ) STRICT;
  CREATE INDEX mailboxes_by_team ON mailboxes (team, expires_at);
  CREATE TABLE mailbox_slots (
    mailbox TEXT NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    slot TEXT NOT NULL,
    blob BLOB NOT NULL,
    PRIMARY KEY (mailbox, slot)
  ) STRICT;
  CREATE TABLE seen (
    team TEXT NOT NULL,
    device TEXT NOT NULL,
    time INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (team, device)
  ) STRICT;
  CREATE TABLE wraps (
    team TEXT NOT NULL,
    member TEXT NOT NULL,
    credential BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (team, member, credential)
  ) STRICT;
  CREATE TABLE used_nonces (nonce BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`
