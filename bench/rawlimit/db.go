package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3"
)

// sqlite inserts into a new database for each durability and batch size.
func (l limits) sqlite(dir string, levels []string, batches []int) error {
	dir, err := os.MkdirTemp(dir, "rawlimit")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, level := range levels {
		for _, batch := range batches {
			file := filepath.Join(dir, fmt.Sprintf("%s-%d.db", level, batch))
			if err := l.sqliteOne(file, level, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l limits) sqliteOne(file, level string, batch int) error {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:"+file+"?_journal_mode=WAL&_synchronous="+level)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "create table c(n integer primary key, id text unique, etag text, rev integer, data blob); create index cr on c(rev)"); err != nil {
		return err
	}
	insert, err := conn.PrepareContext(ctx, "insert into c(id,etag,rev,data) values(?,?,?,?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	row, k := text(1<<10), int64(0)
	add := func() error {
		k++
		_, err := insert.ExecContext(ctx, rowID(k), "etag", k, row)
		return err
	}
	transaction := func() error {
		if batch == 1 {
			return add()
		}
		if _, err := conn.ExecContext(ctx, "begin immediate"); err != nil {
			return err
		}
		for range batch {
			if err := add(); err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "commit")
		return err
	}
	return l.measure(fmt.Sprintf("SQLite WAL synchronous=%s, %d rows a transaction", level, batch), func(until time.Time) (n int, err error) {
		for ; time.Now().Before(until); n += batch {
			if err := transaction(); err != nil {
				return n, err
			}
		}
		return n, nil
	})
}

// postgres inserts into a table of the database dsn with 1 and with 8 clients.
func (l limits) postgres(dsn string, levels []string, batches []int) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "drop table if exists rawlimit; create table rawlimit(id text primary key, etag text, rev bigint, data bytea); create index on rawlimit(rev)"); err != nil {
		return err
	}
	p := pgLoad{row: text(1 << 10)}
	for _, level := range levels {
		for _, clients := range []int{1, 8} {
			for _, batch := range batches {
				name := fmt.Sprintf("PostgreSQL synchronous_commit=%s, %d clients, %d rows a transaction", level, clients, batch)
				err := l.measure(name, func(until time.Time) (int, error) { return p.run(ctx, dsn, level, clients, batch, until) })
				if err != nil {
					return err
				}
			}
		}
	}
	_, err = c.Exec(ctx, "drop table rawlimit")
	return err
}

// pgLoad writes rows with numbers that no two transactions share.
type pgLoad struct {
	row  []byte
	last atomic.Int64
}

func (p *pgLoad) run(ctx context.Context, dsn, level string, clients, batch int, until time.Time) (int, error) {
	var wg sync.WaitGroup
	var rows atomic.Int64
	errs := make([]error, clients)
	for i := range errs {
		wg.Go(func() { errs[i] = p.client(ctx, dsn, level, batch, until, &rows) })
	}
	wg.Wait()
	return int(rows.Load()), errors.Join(errs...)
}

func (p *pgLoad) client(ctx context.Context, dsn, level string, batch int, until time.Time, rows *atomic.Int64) error {
	const insert = "insert into rawlimit values($1,$2,$3,$4)"
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "set synchronous_commit="+level); err != nil {
		return err
	}
	for time.Now().Before(until) {
		var b pgx.Batch // its statements are one transaction
		for range batch {
			k := p.last.Add(1)
			b.Queue(insert, rowID(k), "etag", k, p.row)
		}
		if err := c.SendBatch(ctx, &b).Close(); err != nil {
			return err
		}
		rows.Add(int64(batch))
	}
	return nil
}
