package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"
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

// A pool lends out connections for reading. It opens them when they are
// needed, and lends the one used last, whose cache is warm.
type pool struct {
	path  string
	slots chan struct{} // one token for each connection lent

	mu   sync.Mutex
	idle []*conn // the one used last comes last
}

// idleTime is how long a connection may lie unused while others are used.
const idleTime = time.Minute

func (p *pool) get(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := open(p.path, readerCache)
	if err == nil {
		err = c.script("PRAGMA query_only = ON")
		if err != nil {
			c.Close()
		}
	}
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pool) put(c *conn) {
	c.used = time.Now()
	var unused *conn
	p.mu.Lock()
	if len(p.idle) > 0 && c.used.Sub(p.idle[0].used) > idleTime {
		unused, p.idle = p.idle[0], p.idle[1:]
	}
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	<-p.slots
	if unused != nil {
		unused.Close() // it has done nothing that could fail
	}
}

// close closes all connections, none of which is lent.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

// beginRead begins a transaction on the state that is committed at its first
// read.
func (c *conn) beginRead() error { return c.run("BEGIN") }
