package sqlite

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// Commits go to the write-ahead log; a checkpoint copies them into the
// database, and lets the log begin again at its start. It runs beside the
// writer, because it takes longer than a commit.
const (
	checkpointEvery = 50 * time.Millisecond // between looks at the log, while there are commits
	checkpointPages = 1000                  // in the log before they are copied
	restartPages    = 8000                  // in the log before the writer waits, so that the log can begin again
	checkpointIdle  = time.Second           // without a commit, before the log is emptied
)

// A checkpointer copies the log of one writer into the database.
type checkpointer struct {
	conn   *conn
	logger *slog.Logger
	counts *counts
	wake   chan struct{} // receives a value after a commit when nothing waits in it
	quit   chan struct{} // closed to end
	done   chan struct{} // closed at the end

	commits atomic.Int64
	restart atomic.Bool // asks the writer to pause for the rest of a checkpoint
	noRoom  atomic.Bool // the last one that was tried found the disk full
}

func startCheckpointer(c *conn, logger *slog.Logger, n *counts) *checkpointer {
	cp := &checkpointer{conn: c, logger: logger, counts: n, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go cp.run()
	return cp
}

// committed tells of a commit.
func (cp *checkpointer) committed() {
	cp.commits.Add(1)
	select {
	case cp.wake <- struct{}{}:
	default:
	}
}

func (cp *checkpointer) stop() error {
	close(cp.quit)
	<-cp.done
	return cp.conn.Close()
}

func (cp *checkpointer) run() {
	defer close(cp.done)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		tick.Stop()
		select {
		case <-cp.wake:
		case <-cp.quit:
			return
		}
		tick.Reset(checkpointEvery)
		for seen, quiet := int64(-1), time.Duration(0); quiet < checkpointIdle; {
			select {
			case <-tick.C:
			case <-cp.quit:
				return
			}
			if now := cp.commits.Load(); now != seen {
				seen, quiet = now, 0
				cp.keepUp()
			} else {
				quiet += checkpointEvery
			}
		}
		cp.report(cp.conn.checkpoint("PASSIVE"))
		cp.report(cp.conn.checkpoint("TRUNCATE"))
	}
}

// keepUp copies the log if it has grown.
func (cp *checkpointer) keepUp() {
	l, err := cp.conn.checkpoint("NOOP")
	if err != nil || l.pages-l.copied < checkpointPages {
		cp.failed(err)
		return
	}
	l, err = cp.conn.checkpoint("PASSIVE")
	if err == nil && l.pages >= restartPages {
		if l, err = cp.conn.checkpoint("PASSIVE"); err == nil { // what came in during the last one
			cp.restart.Store(true)
		}
	}
	cp.report(l, err)
}

// report counts a checkpoint, and returns its error.
func (cp *checkpointer) report(_ walState, err error) error {
	if err == nil {
		cp.counts.checkpoints.At("done").Inc()
	}
	cp.noRoom.Store(isFull(err))
	cp.failed(err)
	return err
}

func (cp *checkpointer) failed(err error) {
	if err != nil {
		cp.counts.checkpoints.At("failed").Inc()
		cp.logger.Warn("checkpoint failed, will be tried again", "err", err)
	}
}

// A walState says how long the log is and how much of it the database has.
type walState struct{ pages, copied int64 }

// checkpoint runs a checkpoint of a mode of SQLite's: NOOP only looks, PASSIVE
// copies what it can without waiting for anybody, TRUNCATE copies all and
// empties the log, if it finds nobody at work.
func (c *conn) checkpoint(mode string) (l walState, err error) {
	stmt, err := c.Prepare("PRAGMA wal_checkpoint(" + mode + ")")
	if err != nil {
		return l, err
	}
	if _, err := stmt.Step(); err != nil {
		return l, err
	}
	l = walState{pages: stmt.ColumnInt64(1), copied: stmt.ColumnInt64(2)}
	return l, stmt.Reset()
}
