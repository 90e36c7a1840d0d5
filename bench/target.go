package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A Target is a contacts protocol as the load generator speaks it. Methods
// return an error that wraps errUnsupported where the server lacks the
// operation. The time of the last request stands in c.last; methods that send
// several requests add them up in a ReadStat.
type Target interface {
	// Setup logs in and makes sure that there is an address book.
	Setup(c *Conn) error

	// Ready sends one cheap request with credentials; nil once it is answered.
	Ready(c *Conn) error

	// Insert adds a contact.
	Insert(c *Conn, p Person) (Ref, error)

	// InsertBatch adds contacts with one request.
	InsertBatch(c *Conn, ps []Person) ([]Ref, error)

	// Update replaces the contact r by p if it still has r.ETag.
	Update(c *Conn, r Ref, p Person) (Ref, error)

	// Delete removes the contact r if it still has r.ETag.
	Delete(c *Conn, r Ref) error

	// Get reads one contact.
	Get(c *Conn, r Ref) error

	// List returns all contacts with their ETags, by the cheapest request
	// that the protocol has for it.
	List(c *Conn) ([]Ref, ReadStat, error)

	// FullModes names the ways to read every contact with its content.
	FullModes() []string

	// FullRead reads every contact with its content; refs are all of them.
	FullRead(c *Conn, mode string, refs []Ref) (ReadStat, error)

	// Token returns the mark from which Sync goes on.
	Token(c *Conn) (string, ReadStat, error)

	// Sync returns what changed since the mark.
	Sync(c *Conn, token string) (Changes, error)

	// Poll asks whether anything has changed.
	Poll(c *Conn) (ReadStat, error)

	// Search looks for text in e-mail addresses: as the beginning of one
	// (mode prefix) or anywhere (mode contains).
	Search(c *Conn, mode, text string) (ReadStat, error)
}

// A Ref names one stored contact on a server.
type Ref struct {
	I    int    // number of the person, -1 when read from a listing
	Path string // path to read it, also its identity
	Edit string // path to write it; empty: the same
	ETag string
}

// edit returns the path for writes.
func (r Ref) edit() string {
	if r.Edit != "" {
		return r.Edit
	}
	return r.Path
}

// A ReadStat describes one bulk answer, all of its pages together.
type ReadStat struct {
	Count int
	Bytes int64
	Dur   time.Duration // from sending each request to its last byte, without the time the generator takes to parse
}

// Changes is the answer of Sync. Count is the number of changes after the
// mark; Refs may hold more, as a mark that is a time is inclusive.
type Changes struct {
	ReadStat
	Refs []Ref
	Next string // the mark to keep
}

var errUnsupported = errors.New("not supported by this server")

// A Conn is one client with a keep-alive connection of its own.
type Conn struct {
	tr   *http.Transport
	buf  bytes.Buffer
	last time.Duration // of the last request, to the last byte of its answer
}

// NewConn returns a client that has not connected yet.
func NewConn() *Conn {
	return &Conn{tr: &http.Transport{
		MaxIdleConnsPerHost:   1,
		DisableCompression:    true,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		ResponseHeaderTimeout: 15 * time.Minute, // the slowest peer takes minutes for some reads
		ReadBufferSize:        64 << 10,
		WriteBufferSize:       16 << 10,
	}}
}

// newConns returns n clients.
func newConns(n int) []*Conn {
	cs := make([]*Conn, n)
	for i := range cs {
		cs[i] = NewConn()
	}
	return cs
}

// Close ends the connection.
func (c *Conn) Close() { c.tr.CloseIdleConnections() }

// newRequest returns a request to a URL that has been parsed before, be it a
// flag or a link; another URL is a mistake of the generator.
func newRequest(method, url string, body []byte) *http.Request {
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		panic(err)
	}
	req.Header.Set("User-Agent", "contacts-bench/1")
	return req
}

// Do sends one request and reads the whole answer. The returned body is valid
// until the next call. Redirects are not followed.
func (c *Conn) Do(req *http.Request) (*http.Response, []byte, error) {
	start := time.Now()
	resp, err := c.tr.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	c.buf.Reset()
	_, err = io.Copy(&c.buf, resp.Body)
	resp.Body.Close()
	c.last = time.Since(start)
	return resp, c.buf.Bytes(), err
}

// expect sends req and fails unless the answer has the given status; 2 stands
// for any 2xx.
func (c *Conn) expect(req *http.Request, status int) (*http.Response, []byte, error) {
	resp, body, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != status && resp.StatusCode/100 != status {
		return resp, body, &statusError{req.Method, req.URL.Path, resp.StatusCode, string(body[:min(len(body), 300)])}
	}
	return resp, body, nil
}

// A statusError is an answer with another status than the protocol asks for.
type statusError struct {
	method, path string
	status       int
	body         string // its beginning
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %q", e.method, e.path, e.status, e.body)
}
