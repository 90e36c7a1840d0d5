package reply

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A receiver is the body of a request. It measures how long its client lets the
// server wait, and ends a wait that is too long.
type receiver struct {
	io.ReadCloser
	front *Front
	w     http.ResponseWriter
	start time.Time // of the request

	bytes   int64
	took    time.Duration
	stalled bool
	ended   bool
}

func (b *receiver) Read(p []byte) (int, error) {
	now := time.Now()
	stall := b.front.Stall > 0 && !b.ended
	if stall {
		b.deadline(now.Add(b.front.Stall)) // OPS-71
	}
	n, err := b.ReadCloser.Read(p)
	b.bytes += int64(n)
	b.took += time.Since(now)
	if err != nil && !b.ended {
		b.ended = true
		b.stalled = stall && errors.Is(err, os.ErrDeadlineExceeded)
		if stall && err == io.EOF {
			b.deadline(b.limit()) // net/http reads on, to see whether the client goes away
		}
	}
	return n, err
}

// limit is when the whole body must have arrived.
func (b *receiver) limit() time.Time { return b.start.Add(b.front.ReadTimeout) }

func (b *receiver) deadline(t time.Time) {
	if limit := b.limit(); t.After(limit) {
		t = limit
	}
	http.NewResponseController(b.w).SetReadDeadline(t) // where there is no connection, nothing can stall
}
