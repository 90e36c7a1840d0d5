package server

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"contacts/metrics"
)

// The limits of connections, as /metrics names them.
const (
	limitAddress = "address"     // too many from one address: refused
	limitFull    = "full"        // too many in all, and none idle: refused
	limitIdle    = "idle"        // too many in all: the one idle longest made room
	limitBody    = "slow_body"   // its client sent nothing of a body for too long
	limitAnswer  = "slow_answer" // its client took nothing of an answer for too long
)

var gateLimits = []string{limitAddress, limitFull, limitIdle, limitBody, limitAnswer}

// A gate limits the connections of all listeners together, and how long a
// client may take nothing of its answer.
type gate struct {
	most       int           // in all; 0: any
	perAddress int           // 0: any
	stall      time.Duration // 0: only as long as the http.Server says
	exempt     func(netip.Addr) bool

	refusedAddress, refusedFull, evicted, stalled *metrics.Counter

	mu      sync.Mutex
	count   int
	sources map[netip.Prefix]int
	idle    list.List // of *guarded, the one idle longest first
}

func newGate(most, perAddress int, stall time.Duration, exempt func(netip.Addr) bool, limits *metrics.Counters) *gate {
	return &gate{
		most: most, perAddress: perAddress, stall: stall, exempt: exempt, sources: map[netip.Prefix]int{},
		refusedAddress: limits.At(limitAddress), refusedFull: limits.At(limitFull),
		evicted: limits.At(limitIdle), stalled: limits.At(limitAnswer),
	}
}

// open is how many connections there are.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

// guard lets the connections of l through the gate.
func (g *gate) guard(l net.Listener) net.Listener { return &guardedListener{l, g} }

type guardedListener struct {
	net.Listener
	gate *gate
}

func (l *guardedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := l.gate.admit(c); g != nil {
			return g, nil
		}
		c.Close()
	}
}

// sourceOf is what connections are counted by: an address, or the network of
// IPv6 that one customer gets.
func sourceOf(c net.Conn) (netip.Prefix, netip.Addr) {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}, netip.Addr{}
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the number of bits fits
	return p, a
}

// admit makes c one of the connections, or returns nil if it must not be. When
// there are too many, the one that has been idle longest ends.
func (g *gate) admit(c net.Conn) *guarded {
	source, addr := sourceOf(c)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.perAddress > 0 && g.sources[source] >= g.perAddress && !g.exempt(addr) { // OPS-74
		g.refusedAddress.Inc()
		return nil
	}
	if g.most > 0 && g.count >= g.most { // OPS-73
		first := g.idle.Front()
		if first == nil {
			g.refusedFull.Inc()
			return nil
		}
		old := first.Value.(*guarded)
		g.remove(old)
		g.evicted.Inc()
		old.Conn.Close()
	}
	g.count++
	g.sources[source]++
	return &guarded{Conn: c, gate: g, source: source}
}

// remove takes c off the books, once.
func (g *gate) remove(c *guarded) {
	if c.gone {
		return
	}
	c.gone = true
	g.setIdle(c, false)
	g.count--
	if g.sources[c.source]--; g.sources[c.source] == 0 {
		delete(g.sources, c.source)
	}
}

func (g *gate) setIdle(c *guarded, idle bool) {
	switch {
	case idle && c.idle == nil && !c.gone:
		c.idle = g.idle.PushBack(c)
	case !idle && c.idle != nil:
		g.idle.Remove(c.idle)
		c.idle = nil
	}
}

// state is http.Server's ConnState: it keeps the list of idle connections.
func (g *gate) state(c net.Conn, s http.ConnState) {
	own := guardedOf(c)
	if own == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch s {
	case http.StateHijacked:
		own.taken = true
	case http.StateNew: // what was taken and given back waits for its next request
		g.setIdle(own, own.taken)
	case http.StateIdle, http.StateActive:
		g.setIdle(own, s == http.StateIdle)
	}
}

// closeIdle ends the connections without a request. To net/http those that were
// given back are new ones, whose first request it waits for when it stops.
func (g *gate) closeIdle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for e := g.idle.Front(); e != nil; e = g.idle.Front() {
		c := e.Value.(*guarded)
		g.remove(c)
		c.Conn.Close()
	}
}

// guardedOf finds the connection of a gate that c wraps, or nil.
func guardedOf(c net.Conn) *guarded {
	for {
		switch v := c.(type) {
		case *guarded:
			return v
		case *tls.Conn:
			c = v.NetConn()
		case *readAhead:
			c = v.Conn
		default:
			return nil
		}
	}
}

// A guarded connection counts until it is closed, and ends when its client
// takes nothing for too long.
type guarded struct {
	net.Conn
	gate   *gate
	source netip.Prefix

	until atomic.Int64 // when writing must end, in nanoseconds since 1970; 0: never
	cut   atomic.Bool  // its client took nothing for too long

	// guarded by gate.mu
	idle  *list.Element
	taken bool // from net/http at least once
	gone  bool
}

func (c *guarded) Close() error {
	c.gate.mu.Lock()
	c.gate.remove(c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends the sending side, for an answer after which the rest of the
// request is thrown away.
func (c *guarded) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

// writePart is what a client has to take within the time of a stall.
const writePart = 64 << 10

// Write sends b in parts, each of which has its own deadline.
func (c *guarded) Write(b []byte) (n int, err error) {
	if c.gate.stall <= 0 {
		return c.Conn.Write(b)
	}
	if c.cut.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	for {
		part := b[n:min(len(b), n+writePart)]
		end := time.Now().Add(c.gate.stall)
		until := c.until.Load()
		whole := until != 0 && until < end.UnixNano()
		if whole {
			end = time.Unix(0, until)
		}
		if err := c.Conn.SetWriteDeadline(end); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(part)
		n += m
		if err != nil {
			if !whole && errors.Is(err, os.ErrDeadlineExceeded) {
				c.cut.Store(true)
				c.gate.stalled.Inc() // OPS-72
			}
			return n, err
		}
		if n == len(b) {
			return n, nil
		}
	}
}

func (c *guarded) SetWriteDeadline(t time.Time) error {
	c.keep(t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *guarded) SetDeadline(t time.Time) error {
	c.keep(t)
	return c.Conn.SetDeadline(t)
}

func (c *guarded) keep(t time.Time) {
	if t.IsZero() {
		c.until.Store(0)
	} else {
		c.until.Store(t.UnixNano())
	}
}
