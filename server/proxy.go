package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A proxy answers the clients of a forward proxy for a few hosts, which are
// all this server. It never opens a connection.
type proxy struct {
	hosts  []string
	log    *slog.Logger
	plain  http.Handler // answers requests for http URLs of the hosts
	secure *handover    // takes connections to the https of the hosts
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case r.URL.Scheme == "" || r.URL.Host == "": // STAND-26
		p.refuse(w, http.StatusBadRequest, "This is a proxy: set its address as HTTPS_PROXY and ask for https://"+p.hosts[0]+"/\n")
	case r.URL.Scheme != "http" || !p.leadsTo(r.URL.Host, "80"):
		p.forbid(w, r.URL.Scheme+"://"+r.URL.Host)
	default:
		p.plain.ServeHTTP(w, r) // STAND-25
	}
}

// connect hands the connection over to the https server (STAND-24).
func (p *proxy) connect(w http.ResponseWriter, r *http.Request) {
	if !p.leadsTo(r.RequestURI, "443") {
		p.forbid(w, r.RequestURI)
		return
	}
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, which the listener does not speak
		p.refuse(w, http.StatusInternalServerError, "Internal error\n")
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		conn.Close()
		return
	}
	conn.SetDeadline(time.Time{})                        // the https server sets its own
	p.secure.give(&readAhead{Conn: conn, r: buf.Reader}) // STAND-24, STAND-27
}

// leadsTo reports whether target, HOST or HOST:PORT, is this port of one of
// the hosts. A target without port means it.
func (p *proxy) leadsTo(target, port string) bool {
	host, got, err := net.SplitHostPort(target)
	if err != nil {
		host, got = target, port
	}
	return got == port && slices.Contains(p.hosts, strings.ToLower(host))
}

func (p *proxy) forbid(w http.ResponseWriter, target string) { // STAND-26
	target = target[:min(len(target), 255)]
	p.log.Info("the proxy refused a target", "target", target)
	p.refuse(w, http.StatusForbidden, fmt.Sprintf("%q is not for this proxy: it leads to port 443, and http to port 80, of %s, and nowhere else\n",
		target, strings.Join(p.hosts, ", ")))
}

func (p *proxy) refuse(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// readAhead is a connection of which some bytes were read already.
type readAhead struct {
	net.Conn
	r *bufio.Reader
}

func (c *readAhead) Read(b []byte) (int, error) { return c.r.Read(b) }

// A handover is a listener whose connections are given to it.
type handover struct {
	addr   net.Addr
	given  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover(addr net.Addr) *handover {
	return &handover{addr: addr, given: make(chan net.Conn), closed: make(chan struct{})}
}

// give passes c to Accept, or closes it if the listener is closed.
func (h *handover) give(c net.Conn) {
	select {
	case h.given <- c:
	case <-h.closed:
		c.Close()
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.given:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return h.addr }
