package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"contacts"
	"contacts/metrics"
	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

const (
	maxGroup   = 128                    // updates that share a commit
	gatherTime = 100 * time.Microsecond // the most that a group waits to become as large as the last one
	lockEvery  = 500 * time.Microsecond // between two questions for a lock that another process has
	lockTries  = 30_000                 // questions, before the group is given up
)

// A writer runs all updates of this process, in the order in which they came.
//
// A caller that finds nobody at work runs its update itself, with all others
// that wait, and commits them together: one caller alone waits for the disk and
// for nobody else. For those that came meanwhile, a goroutine goes on, until
// nobody waits.
type writer struct {
	conn  *conn
	o     Options
	log   *checkpointer
	index *indexer

	sizes, times *metrics.Histogram
	failures     *metrics.Counter

	mu      sync.Mutex
	queue   []*update // those that wait, oldest first
	busy    bool      // somebody runs updates
	wanted  int       // who does so waits for so many, if it is not 0
	arrived chan struct{}

	// of who runs updates
	group    []*update // that share the transaction under way
	patience *time.Timer
	running  sync.WaitGroup
}

// An update is one call of Store.Update.
type update struct {
	ctx   context.Context
	owner store.Owner
	fn    func(store.Tx) error
	own   bool // its caller runs it

	err     error
	panics  any  // what fn panicked with
	indexed int  // see tx
	buried  bool // see tx

	ended chan struct{} // receives one value when the fields above hold the outcome, unless it is own
}

var updates = sync.Pool{New: func() any { return &update{ended: make(chan struct{}, 1)} }}

// errLost is what the others of a group get when SQLite gives up their common
// transaction because of an error in one of them.
var errLost = contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "The store gave up the transaction")

// errExit is what an update gets, and all that share its transaction, when its
// function ended the goroutine instead of returning.
var errExit = errors.New("an update ended its goroutine")

func newWriter(c *conn, log *checkpointer, o Options, n *counts) *writer {
	w := &writer{conn: c, log: log, o: o, sizes: n.groups.At(), times: n.commits.At(), failures: n.failures.At(), arrived: make(chan struct{}, 1), patience: time.NewTimer(0)}
	w.patience.Stop()
	c.SetBusyTimeout(0) // see begin
	return w
}

// close closes the connection. No update is under way.
func (w *writer) close() error {
	w.running.Wait()
	return w.conn.Close()
}

// update runs fn, or has it run. It panics with what fn panics with.
func (w *writer) update(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	u := updates.Get().(*update)
	u.ctx, u.owner, u.fn = ctx, owner, fn
	if w.enter(u) {
		w.round()
		w.goOn()
	} else {
		select {
		case <-u.ended:
		case <-ctx.Done():
			if w.leave(u) {
				u.err = ctx.Err()
			} else {
				<-u.ended
			}
		}
	}
	err, panics := u.err, u.panics
	*u = update{ended: u.ended}
	updates.Put(u)
	if panics != nil {
		panic(panics)
	}
	return err
}

// enter adds u to those that wait, and reports whether its caller is to run it.
func (w *writer) enter(u *update) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, u)
	if w.wanted != 0 && len(w.queue) >= w.wanted {
		w.wanted = 0
		w.arrived <- struct{}{}
	}
	u.own = !w.busy
	w.busy = true
	return u.own
}

// leave takes u out of those that wait, unless it waits no more.
func (w *writer) leave(u *update) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, u)
	if i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	return i >= 0
}

// goOn sees to it that those who wait get their turn.
func (w *writer) goOn() {
	if w.more() {
		w.running.Go(func() {
			for {
				w.round()
				if !w.more() {
					return
				}
			}
		})
	}
}

// more reports whether anybody waits. If not, it is up to the next who comes.
func (w *writer) more() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = len(w.queue) > 0
	return w.busy
}

// round runs and commits one group.
func (w *writer) round() {
	committed := false
	defer func() {
		if !committed { // a function ended this goroutine
			w.end(errors.Join(errExit, w.conn.rollback()))
			w.goOn()
		}
	}()
	w.gather()
	start := time.Now()
	err := w.room()
	if err == nil {
		err = w.commit()
	}
	committed = true
	if len(w.group) > 0 {
		w.sizes.Observe(int64(len(w.group)))
		w.times.ObserveTime(time.Since(start))
	}
	if err != nil {
		w.failures.Inc()
		if isFull(err) {
			w.log.noRoom.Store(true)
		}
	}
	w.end(err)
	w.log.committed()
	if w.log.restart.Swap(false) {
		w.log.report(w.conn.checkpoint("PASSIVE")) // what came in during the last one
	}
}

// gather makes a group of all that wait. When the last group was larger, more
// are likely on their way, and a commit takes longer than to wait for them a
// little.
func (w *writer) gather() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if expected := len(w.group); len(w.queue) < expected {
		w.wanted = expected
		w.mu.Unlock()
		w.patience.Reset(gatherTime)
		select {
		case <-w.arrived:
			w.patience.Stop()
		case <-w.patience.C:
		}
		w.mu.Lock()
		if w.wanted = 0; len(w.arrived) > 0 {
			<-w.arrived
		}
	}
	n := min(len(w.queue), maxGroup)
	w.group = append(w.group[:0], w.queue[:n]...)
	w.queue = slices.Delete(w.queue, 0, n)
}

// end gives the updates of the group their outcome. With an error, nobody's
// change was kept.
func (w *writer) end(err error) {
	for i, u := range w.group {
		if err != nil && u.err == nil {
			u.err = err
		}
		w.group[i] = nil
		if u.err == nil && (u.indexed > 0 || u.buried) {
			w.index.changed(u.owner, u.indexed, u.buried)
		}
		if !u.own {
			u.ended <- struct{}{}
		}
	}
}

// room fails while the disk has no room for a checkpoint. What room there comes
// to be is the checkpoint's first: a log that took it could never be emptied
// again (OPS-91). A commit for which there is no room asks for one, too.
func (w *writer) room() error {
	if !w.log.noRoom.Load() {
		return nil
	}
	return fault(w.log.report(w.conn.checkpoint("PASSIVE")))
}

// begin begins a transaction that writes. While another process does, it asks
// often: SQLite would ask ten times a second, and hardly ever find the moment
// between two commits of one that writes all the time. What is counted are
// questions, which a machine that stands still does not use up.
func (w *writer) begin() error {
	for n := 1; ; n++ {
		err := w.conn.run("BEGIN IMMEDIATE")
		if n == lockTries || lite.ErrCode(err).ToPrimary() != lite.ResultBusy {
			return err
		}
		time.Sleep(lockEvery)
	}
}

// commit runs the group in one transaction.
func (w *writer) commit() error {
	if err := w.begin(); err != nil {
		return fault(err)
	}
	for _, u := range w.group { // one after the other: WRT-40, FEED-4
		if u.err = u.ctx.Err(); u.err != nil {
			continue
		}
		if u.err = w.one(u); u.err != nil && w.conn.AutocommitEnabled() {
			return errLost
		}
	}
	if err := w.conn.run("COMMIT"); err != nil { // WRT-8
		w.conn.rollback()
		return fault(err)
	}
	return nil
}

// one runs one update. When it fails, its changes are undone, and those of the
// others in the group stay.
func (w *writer) one(u *update) (err error) {
	t := &tx{conn: w.conn, owner: u.owner, now: w.o.Now, filters: &w.index.filters, writing: true}
	if err = w.call(u, t); err == nil {
		err = t.finish()
	}
	if !t.changing {
		return err
	}
	if err != nil {
		err = errors.Join(err, fault(w.conn.run("ROLLBACK TO one")))
	}
	u.indexed, u.buried = t.indexed, t.buried
	return errors.Join(err, fault(w.conn.run("RELEASE one")))
}

// call runs the function of an update and catches its panic.
func (w *writer) call(u *update, t *tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			u.panics = v
			err = fmt.Errorf("panic: %v", v)
			w.o.Logger.Error("an update panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	return u.fn(t)
}
