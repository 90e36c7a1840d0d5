package sqlite

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	lite "zombiezen.com/go/sqlite"
)

// applicationID marks a database file as ours: "cntd".
const applicationID = 0x636e7464

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the database to the newest schema. Each migration is a file
// numbered from 1 in the order of their names; the number of the last one
// applied is the database's user_version. Migrations are never changed, only
// added.
//
// Before anything is changed of a database that is not empty, it calls before,
// if that is not nil, and gives up when that fails.
func migrate(c *conn, migrations fs.FS, before func(to int) error) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	version, err := schemaVersion(c, len(files))
	if err != nil || version == len(files) {
		return err
	}
	if version > 0 && before != nil {
		used, err := c.number("SELECT EXISTS (SELECT 1 FROM record) OR EXISTS (SELECT 1 FROM book)")
		if err == nil && used != 0 {
			err = before(len(files)) // OPS-40
		}
		if err != nil {
			return err
		}
	}
	return c.transaction(func() error {
		version, err := schemaVersion(c, len(files)) // another process may have been quicker
		if err != nil {
			return err
		}
		for ; version < len(files); version++ {
			script, err := fs.ReadFile(migrations, files[version])
			if err != nil {
				return err
			}
			if err := c.script(string(script)); err != nil {
				return fmt.Errorf("migrate with %s: %w", files[version], err)
			}
		}
		if err := c.script("PRAGMA application_id = " + strconv.Itoa(applicationID)); err != nil {
			return err
		}
		return c.script("PRAGMA user_version = " + strconv.Itoa(version))
	})
}

// schemaVersion is the number of migrations that the database has been
// through. It fails when they are more than newest, or when the database
// belongs to another program.
func schemaVersion(c *conn, newest int) (int, error) {
	if c.AutocommitEnabled() { // read all on one snapshot
		if err := c.run("BEGIN"); err != nil {
			return 0, err
		}
		defer c.rollback()
	}
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	switch {
	case id != applicationID && (id != 0 || version != 0 || tables != 0):
		return 0, fmt.Errorf("the file belongs to another program (application_id %#x)", id)
	case int(version) > newest:
		return 0, fmt.Errorf("the database has schema %d and this program knows up to %d: use the newer program that wrote it, "+
			"or restore a backup that this one made", version, newest) // OPS-41
	}
	return int(version), nil
}

// script runs the statements of sql one after the other.
func (c *conn) script(sql string) error {
	for sql = strings.TrimSpace(sql); sql != ""; {
		stmt, trailing, err := c.PrepareTransient(sql)
		if err != nil {
			return err
		}
		if err := finish(stmt); err != nil {
			stmt.Finalize()
			return err
		}
		if err := stmt.Finalize(); err != nil {
			return err
		}
		sql = strings.TrimSpace(sql[len(sql)-trailing:])
	}
	return nil
}

// finish steps a statement to its end and passes over its rows.
func finish(stmt *lite.Stmt) error {
	for {
		if more, err := stmt.Step(); err != nil || !more {
			return err
		}
	}
}
