-- One database holds the books and records of all owners. An entry's key is
-- owner << 40 | id, so that the rows of one owner lie together and a row with
-- kilobytes of data costs neither a second tree nor a deep one.

-- Small named values of every type: accounts, tokens, limits.
CREATE TABLE record (
	owner   INTEGER NOT NULL,
	type    INTEGER NOT NULL,
	key     TEXT    NOT NULL,
	value   BLOB    NOT NULL,
	expires INTEGER NOT NULL, -- microseconds since 1970; 0 for never
	PRIMARY KEY (owner, type, key)
) WITHOUT ROWID;
CREATE INDEX record_expires ON record (owner, expires) WHERE expires <> 0;

CREATE TABLE book (
	owner    INTEGER PRIMARY KEY,
	rev      INTEGER NOT NULL,
	created  INTEGER NOT NULL,
	last_id  INTEGER NOT NULL,
	contacts INTEGER NOT NULL,
	groups   INTEGER NOT NULL
);

-- Live entries. The indexes answer every condition on times by themselves.
CREATE TABLE contact (
	key     INTEGER PRIMARY KEY,
	owner   INTEGER NOT NULL,
	rev     INTEGER NOT NULL,
	created INTEGER NOT NULL,
	data    BLOB    NOT NULL -- the stored form of package wire
);
CREATE INDEX contact_rev ON contact (owner, rev, created);

CREATE TABLE team ( -- the groups of contacts
	key     INTEGER PRIMARY KEY,
	owner   INTEGER NOT NULL,
	rev     INTEGER NOT NULL,
	created INTEGER NOT NULL,
	data    BLOB    NOT NULL
);
CREATE INDEX team_rev ON team (owner, rev, created);

-- What remains of deleted entries. kind is 0 for contacts and 1 for groups.
CREATE TABLE tombstone (
	owner   INTEGER NOT NULL,
	kind    INTEGER NOT NULL,
	id      INTEGER NOT NULL,
	rev     INTEGER NOT NULL,
	created INTEGER NOT NULL,
	data    BLOB    NOT NULL,
	PRIMARY KEY (owner, kind, id)
) WITHOUT ROWID;
CREATE INDEX tombstone_rev ON tombstone (owner, kind, rev, created);

-- How many live entries have an ID in each run of 256, so that a page deep in
-- a book is found without stepping over all entries before it.
CREATE TABLE block (
	owner INTEGER NOT NULL,
	kind  INTEGER NOT NULL,
	block INTEGER NOT NULL, -- id >> 8
	live  INTEGER NOT NULL,
	PRIMARY KEY (owner, kind, block)
) WITHOUT ROWID;

-- The contacts that are members of a group now.
CREATE TABLE member (
	owner   INTEGER NOT NULL,
	team    INTEGER NOT NULL,
	contact INTEGER NOT NULL,
	PRIMARY KEY (owner, team, contact)
) WITHOUT ROWID;

-- Photos, apart from the contacts, so that no feed reads them, and each once
-- for all contacts of a book that have it.
CREATE TABLE photo (
	owner   INTEGER NOT NULL,
	version TEXT    NOT NULL,
	type    TEXT    NOT NULL,
	uses    INTEGER NOT NULL, -- how many contacts have it
	data    BLOB    NOT NULL,
	PRIMARY KEY (owner, version)
);

-- The search index, see index.go: the terms of contacts that wait to be put
-- into a run, or nothing for a contact that was deleted,
CREATE TABLE waiting (
	key   INTEGER PRIMARY KEY,
	known INTEGER NOT NULL, -- 1 if an older run may speak for the contact
	terms BLOB
);

-- what each run of a book is,
CREATE TABLE run (
	owner    INTEGER NOT NULL,
	run      INTEGER NOT NULL,
	place    INTEGER NOT NULL, -- greater in newer ones
	contacts INTEGER NOT NULL, -- it speaks for
	known    INTEGER NOT NULL, -- of them, that an older run may speak for
	gone     INTEGER NOT NULL, -- of them, that are deleted
	least    INTEGER NOT NULL, -- ID of them
	greatest INTEGER NOT NULL,
	PRIMARY KEY (owner, run)
) WITHOUT ROWID;

-- and the blocks of all runs.
CREATE TABLE posting (
	owner INTEGER NOT NULL,
	run   INTEGER NOT NULL,
	first BLOB    NOT NULL,
	data  BLOB    NOT NULL,
	PRIMARY KEY (owner, run, first)
);
