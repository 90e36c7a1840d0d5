package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"contacts"
	"contacts/store"
)

const (
	maxGroup = 128  // updates that share a commit
	maxQueue = 1024 // updates that wait; a further one waits to be let in

	gatherTime = 100 * time.Microsecond
)

// A writer runs all updates of this process, in the order in which they came.
type writer struct {
	conn  *conn
	o     Options
	queue chan *update
	done  chan struct{} // closed when the queue is closed and empty

	patience *time.Timer // see gather
	group    []*update   // the updates that share the transaction under way
	log      *checkpointer
	index    *indexer
}

// An update is one call of Store.Update.
type update struct {
	ctx   context.Context
	owner store.Owner
	fn    func(store.Tx) error
	state atomic.Int32

	err     error
	panics  any  // what fn panicked with
	indexed int  // see tx
	buried  bool // see tx

	ended chan struct{} // receives one value when the fields above hold the outcome
}

// The states of an update.
const (
	waiting int32 = iota
	begun
	abandoned // its caller has left before it began
)

var updates = sync.Pool{New: func() any { return &update{ended: make(chan struct{}, 1)} }}

// errLost is what the others of a group get when SQLite gives up their common
// transaction because of an error in one of them.
var errLost = contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "The store gave up the transaction")

// errExit is what an update gets, and all that share its transaction, when its
// function ended the goroutine instead of returning.
var errExit = errors.New("an update ended its goroutine")

func (w *writer) start() {
	w.queue, w.done, w.patience = make(chan *update, maxQueue), make(chan struct{}), time.NewTimer(0)
	go w.run()
}

// stop ends the writer, after all updates.
func (w *writer) stop() error {
	close(w.queue)
	<-w.done
	return w.conn.Close()
}

// update has fn run by the writer. It panics with what fn panics with.
func (w *writer) update(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	u := updates.Get().(*update)
	u.ctx, u.owner, u.fn = ctx, owner, fn
	u.state.Store(waiting)
	select {
	case w.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-u.ended:
	case <-ctx.Done():
		if u.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err() // the writer still holds u
		}
		<-u.ended
	}
	err, panics := u.err, u.panics
	u.ctx, u.fn, u.err, u.panics, u.indexed, u.buried = nil, nil, nil, nil, 0, false
	updates.Put(u)
	if panics != nil {
		panic(panics)
	}
	return err
}

// run commits one group after the other. While one commits, the next gathers.
func (w *writer) run() {
	defer func() {
		if w.group != nil { // a function ended this goroutine
			w.end(errors.Join(errExit, w.conn.rollback()))
			go w.run()
		}
	}()
	for u := range w.queue {
		w.gather(u)
		w.end(w.commit())
		w.log.committed()
		if w.log.restart.Swap(false) {
			w.log.report(w.conn.checkpoint("PASSIVE")) // what came in during the last one
		}
	}
	w.group = nil
	close(w.done)
}

// gather makes a group of the update and all others that wait. When the last
// group was larger, more are likely on their way, and a commit takes longer
// than to wait for them a little.
func (w *writer) gather(u *update) {
	expected := len(w.group)
	w.group = append(w.group[:0], u)
	var late <-chan time.Time
	for len(w.group) < maxGroup {
		open := true
		select {
		case u, open = <-w.queue:
		default:
			if len(w.group) >= expected {
				return
			}
			if late == nil {
				w.patience.Reset(gatherTime)
				late = w.patience.C
			}
			select {
			case u, open = <-w.queue:
			case <-late:
				return
			}
		}
		if !open {
			return
		}
		w.group = append(w.group, u)
	}
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
		if u.state.Load() != abandoned {
			u.ended <- struct{}{}
		}
	}
}

// commit runs the group in one transaction.
func (w *writer) commit() error {
	if err := w.conn.run("BEGIN IMMEDIATE"); err != nil {
		return fault(err)
	}
	for _, u := range w.group { // one after the other: WRT-40, FEED-4
		if u.err = u.ctx.Err(); u.err != nil || !u.state.CompareAndSwap(waiting, begun) {
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
