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
	"contacts/store"
)

const (
	maxGroup   = 128                    // updates that share a commit
	gatherTime = 100 * time.Microsecond // the most that a group waits to become as large as the last one
)

// A writer runs all updates of this process, in the order in which they came.
//
// It has no goroutine of its own. A caller that finds nobody at work leads: it
// runs its update and all others that wait, commits them together, and hands
// the lead to the first of those that came meanwhile. So one caller alone waits
// for the disk and for nobody else.
type writer struct {
	conn  *conn
	o     Options
	log   *checkpointer
	index *indexer

	mu      sync.Mutex
	queue   []*update // those that wait, oldest first
	led     bool      // there is a leader
	wanted  int       // the leader waits for so many, if it is not 0
	arrived chan struct{}

	// the leader's
	group    []*update // the updates that share the transaction under way
	patience *time.Timer
}

// An update is one call of Store.Update.
type update struct {
	ctx    context.Context
	owner  store.Owner
	fn     func(store.Tx) error
	chosen bool // to lead

	err     error
	panics  any  // what fn panicked with
	indexed int  // see tx
	buried  bool // see tx

	turn chan bool // receives true if the caller is to lead, and false if the fields above hold the outcome
}

var updates = sync.Pool{New: func() any { return &update{turn: make(chan bool, 1)} }}

// errLost is what the others of a group get when SQLite gives up their common
// transaction because of an error in one of them.
var errLost = contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "The store gave up the transaction")

// errExit is what the others of a group get when a function ended the
// goroutine instead of returning.
var errExit = errors.New("an update ended its goroutine")

func newWriter(c *conn, log *checkpointer, o Options) *writer {
	w := &writer{conn: c, log: log, o: o, arrived: make(chan struct{}, 1), patience: time.NewTimer(0)}
	w.patience.Stop()
	return w
}

// close closes the connection. No update is under way.
func (w *writer) close() error { return w.conn.Close() }

// update runs fn, or has it run. It panics with what fn panics with.
func (w *writer) update(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	u := updates.Get().(*update)
	u.ctx, u.owner, u.fn = ctx, owner, fn
	lead := w.enter(u)
	if !lead {
		select {
		case lead = <-u.turn:
		case <-ctx.Done():
			if w.leave(u) {
				u.err = ctx.Err()
			} else {
				lead = <-u.turn
			}
		}
	}
	if lead {
		w.lead()
	}
	err, panics := u.err, u.panics
	*u = update{turn: u.turn}
	updates.Put(u)
	if panics != nil {
		panic(panics)
	}
	return err
}

// enter adds u to those that wait, and reports whether it is to lead.
func (w *writer) enter(u *update) (lead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, u)
	if w.wanted != 0 && len(w.queue) >= w.wanted {
		w.wanted = 0
		w.arrived <- struct{}{}
	}
	lead = !w.led
	w.led = true
	return lead
}

// leave takes u out of those that wait, unless it has had its turn.
func (w *writer) leave(u *update) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, u)
	if i < 0 || u.chosen {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	return true
}

// lead commits one group, that of the caller, who waits at the head of the
// queue.
func (w *writer) lead() {
	defer w.handOver()
	w.gather()
	w.end(w.commit())
	w.log.committed()
	if w.log.restart.Swap(false) {
		w.log.report(w.conn.checkpoint("PASSIVE")) // what came in during the last one
	}
}

// handOver makes the first of those that wait the leader.
func (w *writer) handOver() {
	if !w.conn.AutocommitEnabled() { // a function ended this goroutine
		w.end(errors.Join(errExit, w.conn.rollback()))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.led = len(w.queue) > 0; w.led {
		w.queue[0].chosen = true
		w.queue[0].turn <- true
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
// change was kept. The first of them is the leader's, who needs no word.
func (w *writer) end(err error) {
	for i, u := range w.group {
		if err != nil && u.err == nil {
			u.err = err
		}
		w.group[i] = nil
		if u.err == nil && (u.indexed > 0 || u.buried) {
			w.index.changed(u.owner, u.indexed, u.buried)
		}
		if i > 0 {
			u.turn <- false
		}
	}
}

// commit runs the group in one transaction.
func (w *writer) commit() error {
	if err := w.conn.run("BEGIN IMMEDIATE"); err != nil {
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
	t := &tx{conn: w.conn, owner: u.owner, now: w.o.Now, writing: true}
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
