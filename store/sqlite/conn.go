package sqlite

import (
	"strings"
	"time"
	"unsafe"

	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

// busyTimeout bounds the wait for a lock that another process holds.
const busyTimeout = 5 * time.Second

// A conn is one connection to the database. It keeps every statement it ran
// prepared, and is used by one goroutine at a time.
type conn struct {
	*lite.Conn
	stmts map[string]*lite.Stmt // by the text as bind is given it
	reads bool                  // a statement ran since beginRead
	used  time.Time             // last, see pool

	held  bool        // the transaction is open on the state, see pool
	state store.State // of the database, as the transaction sees it
	since time.Time   // when the transaction began
}

// open connects to the database file, which must exist. The cache is its
// bound on memory, in KiB.
func open(path string, cache string) (*conn, error) {
	c, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	c.SetBusyTimeout(busyTimeout)
	cn := &conn{Conn: c, stmts: map[string]*lite.Stmt{}}
	for _, pragma := range []string{
		"synchronous = FULL",     // a commit has reached the disk when it returns (WRT-8)
		"secure_delete = ON",     // what is deleted is overwritten (QRY-47)
		"wal_autocheckpoint = 0", // see checkpoint.go
		"temp_store = MEMORY",    // no temporary files
		"cache_size = -" + cache, //
		"cell_size_check = ON",   // notice a damaged page before using it
	} {
		if err := cn.script("PRAGMA " + pragma); err != nil {
			c.Close()
			return nil, err
		}
	}
	return cn, nil
}

// run runs a statement with integer arguments that returns no rows.
func (c *conn) run(sql string, args ...int64) error {
	stmt, err := c.bind(sql, args...)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	return err
}

// bind prepares a statement and sets its first arguments.
func (c *conn) bind(sql string, args ...int64) (*lite.Stmt, error) {
	stmt, err := c.statement(sql)
	if err != nil {
		return nil, err
	}
	for i, arg := range args {
		stmt.BindInt64(i+1, arg)
	}
	return stmt, nil
}

// unseen hides values from SQLite's planner. It looks at a plain parameter in
// these places, and prepares the statement anew when another value is bound to
// it, or none: that takes several times as long as most queries.
var unseen = strings.NewReplacer(" = ?", " = +?", "LIMIT ?", "LIMIT +?")

// statement returns the prepared statement for sql. What was bound to it
// before still is.
func (c *conn) statement(sql string) (*lite.Stmt, error) {
	c.reads = true
	if stmt := c.stmts[sql]; stmt != nil {
		return stmt, stmt.Reset()
	}
	stmt, err := c.Prepare(unseen.Replace(sql))
	if err == nil {
		c.stmts[sql] = stmt
	}
	return stmt, err
}

// number returns the integer of a statement's first row, or 0 without a row.
func (c *conn) number(sql string, args ...int64) (int64, error) {
	stmt, err := c.bind(sql, args...)
	if err != nil {
		return 0, err
	}
	row, err := stmt.Step()
	if err != nil || !row {
		return 0, err
	}
	n := stmt.ColumnInt64(0)
	return n, stmt.Reset()
}

// transaction runs fn and commits what it did, unless it fails.
func (c *conn) transaction(fn func() error) error {
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		if err = c.run("COMMIT"); err == nil {
			return nil
		}
	}
	c.rollback()
	return err
}

// rollback ends the transaction, if SQLite has not ended it already after an error.
func (c *conn) rollback() error {
	if c.AutocommitEnabled() {
		return nil
	}
	return c.run("ROLLBACK")
}

// text copies a column of a row into a string of its own.
func text(stmt *lite.Stmt, col int) string {
	b := blob(stmt, col)
	return unsafe.String(unsafe.SliceData(b), len(b)) // nothing else refers to b
}

// blob copies a column of a row.
func blob(stmt *lite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, b)
	return b
}
