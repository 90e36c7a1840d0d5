package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// logger is the log that the settings ask for. Its lines go to to.
func (a *app) logger(to *lines) (*slog.Logger, error) {
	o := &slog.HandlerOptions{}
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.set.logLevel)); err != nil {
		return nil, a.badSetting("log-level", "debug, info, warn or error", a.set.logLevel)
	}
	o.Level = level
	switch a.set.logFormat {
	case "text":
		return slog.New(promptHandler{slog.NewTextHandler(to, o), to}), nil
	case "json":
		return slog.New(promptHandler{slog.NewJSONHandler(to, o), to}), nil
	}
	return nil, a.badSetting("log-format", "text or json", a.set.logFormat)
}

const (
	linesDelay = 100 * time.Millisecond // the most that a line waits
	linesSize  = 32 << 10               // and with so many bytes before it
)

// lines gather the lines of the log for a moment, because to write each by
// itself would take a good part of the time of its request. What waits is lost
// when the program is killed.
type lines struct {
	to io.Writer

	mu   sync.Mutex
	buf  []byte
	soon bool // flush is to be called
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, line...)
	switch {
	case len(l.buf) >= linesSize:
		l.write()
	case !l.soon:
		l.soon = true
		time.AfterFunc(linesDelay, l.flush)
	}
	return len(line), nil
}

// flush writes what waits.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.soon = false
	l.write()
}

func (l *lines) write() {
	if len(l.buf) > 0 {
		l.to.Write(l.buf) // if nobody reads the log, the server goes on
		l.buf = l.buf[:0]
	}
}

// A promptHandler lets no warning wait, and nothing that was logged before it.
type promptHandler struct {
	slog.Handler
	lines *lines
}

func (h promptHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level > slog.LevelInfo {
		h.lines.flush()
	}
	return err
}

func (h promptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptHandler{h.Handler.WithAttrs(attrs), h.lines}
}

func (h promptHandler) WithGroup(name string) slog.Handler {
	return promptHandler{h.Handler.WithGroup(name), h.lines}
}
