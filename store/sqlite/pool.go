package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"

	"contacts/metrics"
)

// maxReaders bounds the connections for reading, and with them the memory
// that they take. A further View waits.
const maxReaders = 8

// The page caches of connections, in KiB.
const (
	readerCache     = "1000"
	writerCache     = "4000"
	backgroundCache = "100"
)

// A pool lends out connections for reading, each with a transaction begun. It
// opens them when they are needed, and lends the one used last, whose cache is
// warm.
//
// To begin and to end a transaction costs more than most reads. So a connection
// keeps its transaction when it comes back, and the next one reads on in it,
// unless there was a commit meanwhile. It does not do so for long, because the
// log cannot begin again at its start while a transaction reads from it.
type pool struct {
	path  string
	index *walIndex
	slots chan struct{} // one token for each connection lent
	waits *metrics.Histogram

	mu    sync.Mutex
	idle  []*conn     // the one used last comes last
	sweep *time.Timer // runs while an idle connection holds a transaction
	ended bool        // by close
}

const (
	// idleTime is how long a connection may lie unused while others are used.
	idleTime = time.Minute

	// holdTime is how long a transaction is kept.
	holdTime = 50 * time.Millisecond
)

// get lends a connection, whose transaction sees all that was committed before
// the call.
func (p *pool) get(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	default:
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
	}
	c, err := p.take()
	if err == nil {
		if err = p.begin(c); err == nil {
			return c, nil
		}
		c.Close()
	}
	<-p.slots
	return nil, err
}

// wait waits for a connection to come back.
func (p *pool) wait(ctx context.Context) error {
	start := time.Now()
	defer func() { p.waits.ObserveTime(time.Since(start)) }()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take takes a connection from those that are idle, or a new one.
func (p *pool) take() (*conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := open(p.path, readerCache)
	if err != nil {
		return nil, err
	}
	if err := c.script("PRAGMA query_only = ON"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// begin makes the transaction of c one on the state of now.
func (p *pool) begin(c *conn) error {
	state, known := p.index.state()
	now := time.Now()
	if c.held && known && state == c.state && now.Sub(c.since) < holdTime {
		return nil
	}
	if err := c.rollback(); err != nil {
		return err
	}
	if err := c.run("BEGIN"); err != nil { // on the state at the first read
		return err
	}
	c.held, c.reads, c.state, c.since = false, false, state, now
	return nil
}

// put takes back a connection. Its transaction stays if it is sure to be on
// the state with which it began: if that was the state also after its first
// read.
func (p *pool) put(c *conn) {
	c.used = time.Now()
	if !c.held {
		state, known := p.index.state()
		c.held = known && c.reads && state == c.state
	}
	c.held = c.held && !c.AutocommitEnabled() // which an error may have brought
	if !c.held {
		c.rollback() // if it fails, begin finds that out
	}
	var unused *conn
	p.mu.Lock()
	if len(p.idle) > 0 && c.used.Sub(p.idle[0].used) > idleTime {
		unused, p.idle = p.idle[0], p.idle[1:]
	}
	p.idle = append(p.idle, c)
	if c.held && p.sweep == nil {
		p.sweep = time.AfterFunc(holdTime, p.release)
	}
	p.mu.Unlock()
	<-p.slots
	if unused != nil {
		unused.Close() // it has done nothing that could fail
	}
}

// release ends the transactions of idle connections that are held too long. It
// comes again as long as there are others.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	now, again := time.Now(), false
	for _, c := range p.idle {
		if c.held && now.Sub(c.since) >= holdTime {
			c.held = false
			c.rollback()
		}
		again = again || c.held
	}
	p.sweep = nil
	if again {
		p.sweep = time.AfterFunc(holdTime, p.release)
	}
}

// close closes all connections, none of which is lent.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.sweep != nil {
		p.sweep.Stop()
	}
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}
