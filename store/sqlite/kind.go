package sqlite

import "strings"

// A kind is one of the two kinds of entries, with the statements that differ
// by the name of its table. Arguments that are keys bound an owner's rows.
type kind struct {
	number int64 // in the tables that hold both kinds
	name   string

	get    string // key
	times  string // key
	scan   string // first key, last key, limit
	keys   string // first key, last key, limit
	byRev  string // owner, rev from and below, created from and below, limit, offset
	byLast string // the same, latest first
	count  string // owner, rev from and below, created from and below
	since  string // owner, rev
	insert string // key, owner, rev, created, data
	update string // key, rev, created, data
	delete string // key
	drop   string // first key, last key
}

var (
	contactKind = newKind(0, "contact")
	groupKind   = newKind(1, "team")

	kinds = [...]*kind{contactKind, groupKind}
)

func newKind(number int64, table string) *kind {
	const during = " WHERE owner = ?1 AND rev >= ?2 AND rev < ?3 AND created >= ?4 AND created < ?5"
	in := func(sql string) string { return strings.ReplaceAll(sql, "TABLE", table) }
	return &kind{
		number: number,
		name:   table,
		get:    in("SELECT key, rev, created, data FROM TABLE WHERE key = ?1"),
		times:  in("SELECT rev, created FROM TABLE WHERE key = ?1"),
		scan:   in("SELECT key, rev, created, data FROM TABLE WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3"),
		keys:   in("SELECT key FROM TABLE WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3"),
		byRev:  in("SELECT key, rev FROM TABLE" + during + " ORDER BY rev LIMIT ?6 OFFSET ?7"),
		byLast: in("SELECT key, rev FROM TABLE" + during + " ORDER BY rev DESC LIMIT ?6 OFFSET ?7"),
		count:  in("SELECT count(*) FROM TABLE" + during),
		since:  in("SELECT 1 FROM TABLE WHERE owner = ?1 AND rev >= ?2 LIMIT 1"),
		insert: in("INSERT INTO TABLE (key, owner, rev, created, data) VALUES (?1, ?2, ?3, ?4, ?5)"),
		update: in("UPDATE TABLE SET rev = ?2, created = ?3, data = ?4 WHERE key = ?1"),
		delete: in("DELETE FROM TABLE WHERE key = ?1"),
		drop:   in("DELETE FROM TABLE WHERE key BETWEEN ?1 AND ?2"),
	}
}

// The statements on tombstones: owner, kind, and what is named.
const (
	tombstoneGet = "SELECT id, rev, created, data FROM tombstone WHERE owner = ?1 AND kind = ?2 AND id = ?3"

	tombstonesDuring = ` FROM tombstone WHERE owner = ?1 AND kind = ?2 AND rev >= ?3 AND rev < ?4 AND created >= ?5 AND created < ?6`
	tombstones       = "SELECT id, rev" + tombstonesDuring + " ORDER BY rev LIMIT ?7"
	tombstonesLast   = "SELECT id, rev" + tombstonesDuring + " ORDER BY rev DESC LIMIT ?7"
	tombstonesCount  = "SELECT count(*)" + tombstonesDuring
	tombstonesSince  = "SELECT 1 FROM tombstone WHERE owner = ?1 AND kind = ?2 AND rev >= ?3 LIMIT 1"

	tombstoneInsert = "INSERT INTO tombstone (owner, kind, id, rev, created, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	tombstoneDrop   = "DELETE FROM tombstone WHERE owner = ?1 AND kind = ?2 AND rev < ?3"
)
