package server

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	logDelay = 100 * time.Millisecond // the most that a line of the log waits
	logMany  = 256                    // lines that do not wait for more
	logMost  = 16 * logMany           // lines that may wait; who comes then writes them
)

// A Log writes what a program logs. Lines are worded and written together a
// moment later, because to do that with each by itself would take a good part of
// the time of its request. What waits is lost when the program is killed.
type Log struct {
	to io.Writer

	mu      sync.Mutex
	waiting []logged
	soon    *time.Timer // nil before the first line
	pending bool        // soon is to come

	writing sync.Mutex // held while lines are worded and written
	text    []byte
	spare   []logged
}

// logged is what was given to a handler.
type logged struct {
	handler slog.Handler
	record  slog.Record
}

// NewLog returns a Log that writes to to.
func NewLog(to io.Writer) *Log { return &Log{to: to} }

// Text and JSON return loggers of the records from a level on, in the format of
// slog's handlers of these names.
func (l *Log) Text(from slog.Level) *slog.Logger {
	return slog.New(logHandler{slog.NewTextHandler((*logText)(l), &slog.HandlerOptions{Level: from}), l})
}

func (l *Log) JSON(from slog.Level) *slog.Logger {
	return slog.New(logHandler{slog.NewJSONHandler((*logText)(l), &slog.HandlerOptions{Level: from}), l})
}

// add takes a record. No warning waits, and nothing that was logged before it.
func (l *Log) add(h slog.Handler, r slog.Record) {
	l.mu.Lock()
	l.waiting = append(l.waiting, logged{h, r})
	now := r.Level > slog.LevelInfo || len(l.waiting) >= logMost
	switch {
	case now:
	case l.soon == nil:
		l.soon = time.AfterFunc(logDelay, l.Flush)
		l.pending = true
	case !l.pending:
		l.soon.Reset(logDelay)
		l.pending = true
	case len(l.waiting) == logMany:
		l.soon.Reset(0)
	}
	l.mu.Unlock()
	if now {
		l.Flush()
	}
}

// Flush writes what waits.
func (l *Log) Flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	lines := l.waiting
	l.pending = false
	if len(lines) > 0 {
		l.waiting, l.spare = l.spare, nil
	}
	l.mu.Unlock()
	if len(lines) == 0 {
		return
	}
	l.text = l.text[:0]
	for _, line := range lines {
		line.handler.Handle(context.Background(), line.record) // which cannot fail
	}
	l.to.Write(l.text) // if nobody reads the log, the server goes on
	clear(lines)
	l.spare = lines[:0]
}

// logText is where the handlers of a Log write.
type logText Log

func (t *logText) Write(line []byte) (int, error) {
	t.text = append(t.text, line...)
	return len(line), nil
}

// A logHandler gives records to a Log.
type logHandler struct {
	slog.Handler
	log *Log
}

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	h.log.add(h.Handler, r)
	return nil
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs), h.log}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.log}
}
