package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Limits of what is read from a server.
const (
	maxAnswer = 64 << 20 // of data; servers end a page at 10 MB
	maxPhoto  = 32 << 20
)

// Waiting before a request is repeated: the first time, and at most. A server
// that asks for more than maxRetryAfter is not asked again.
const (
	firstWait     = 500 * time.Millisecond
	maxWait       = 30 * time.Second
	maxRetryAfter = 2 * time.Minute
)

// A repetition says when a request may be sent again.
type repetition int

const (
	never   repetition = iota // the server may have done it
	refused                   // after 500 or 503, which say that it was not done
	always                    // also when the connection broke, because twice is as good as once
)

// A request is what do sends.
type request struct {
	method      string
	url         string
	header      http.Header // nil for none
	body        []byte
	contentType string // of the body
	repeat      repetition
	max         int64 // bytes of the answer; 0 means maxAnswer
}

// An answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte

	// unsure says that an earlier try may have been carried out, though it looked
	// as if it had failed.
	unsure bool
}

// do sends a request, again if it may be, and fails unless the answer is a
// success. An error that the server sent is an *Error; the answer comes with it.
func (c *Client) do(ctx context.Context, rq *request) (*answer, error) {
	unsure := false
	for try := 0; ; try++ {
		a, err := c.once(ctx, rq)
		var wait time.Duration
		again := false
		switch {
		case err != nil:
			again = rq.repeat == always && isBroken(err)
		case a.status < 300:
			a.unsure = unsure
			return a, nil
		default:
			e := c.errorOf(rq, a)
			a.unsure = unsure
			err, wait = e, e.RetryAfter
			again = rq.repeat != never && wait <= maxRetryAfter &&
				(a.status == http.StatusInternalServerError || a.status == http.StatusServiceUnavailable) // LIB-66
		}
		unsure = unsure || again && (a == nil || a.status == http.StatusInternalServerError)
		if !again || try >= c.retries || ctx.Err() != nil {
			return a, err
		}
		if err := c.sleep(ctx, max(wait, backoff(try))); err != nil {
			return a, err
		}
	}
}

// backoff is the time to wait after a try, which doubles each time. A random
// part keeps many clients from coming back together.
func backoff(try int) time.Duration {
	d := min(firstWait<<min(try, 10), maxWait) // LIB-66
	return d/2 + rand.N(d/2)
}

// isBroken reports whether the connection failed, rather than the request.
func isBroken(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary
	}
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.As(err, &op)
}

// retryAfter is how long an answer asks to wait, in seconds or until a time.
func (c *Client) retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(c.now()))
	}
	return 0
}

// once sends a request once.
func (c *Client) once(ctx context.Context, rq *request) (*answer, error) {
	method := rq.method
	override := c.override && (method == http.MethodPut || method == http.MethodPatch || method == http.MethodDelete)
	if override {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, rq.url, bytes.NewReader(rq.body))
	if err != nil {
		return nil, err
	}
	for name, values := range rq.header {
		r.Header[name] = values
	}
	if override {
		r.Header.Set("X-HTTP-Method-Override", rq.method) // LIB-63
	}
	if rq.contentType != "" {
		r.Header.Set("Content-Type", rq.contentType)
	}
	r.Header.Set("GData-Version", strconv.Itoa(c.version)+".0")
	r.Header.Set("User-Agent", c.source)
	resp, err := c.http.Do(r) // LIB-66
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	most := rq.max
	if most == 0 {
		most = maxAnswer
	}
	if resp.StatusCode >= 300 {
		most = maxAnswer // a conflict's is an entry
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", rq.method, rq.url, err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("client: %s %s: the answer has more than %d bytes", rq.method, rq.url, most)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}
