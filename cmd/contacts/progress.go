package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"contacts/transfer"
)

// A bar shows on one line of a terminal how far long work has come.
type bar struct {
	w     io.Writer
	what  string
	width func() int
	now   func() time.Time
	last  time.Time // when it was drawn
	drawn bool
}

// barEvery is how often a bar is drawn anew, at most.
const barEvery = 100 * time.Millisecond

// progress is what long work calls: a bar on a terminal, nothing in a pipe.
func (a *app) progress(what string) func(transfer.Progress) {
	if !a.term.err {
		return nil // CMD-23
	}
	a.endBar()
	a.bar = &bar{w: a.stderr, what: what, width: a.term.width, now: a.now}
	return func(p transfer.Progress) {
		if a.bar != nil {
			a.bar.draw(p)
		}
	}
}

// endBar takes the bar off the terminal. The next progress draws it again.
func (a *app) endBar() {
	if a.bar != nil {
		a.bar.clear()
	}
}

func (b *bar) clear() {
	if b.drawn {
		io.WriteString(b.w, "\r\x1b[K")
		b.drawn = false
	}
}

func (b *bar) draw(p transfer.Progress) {
	now := b.now()
	if b.drawn && now.Sub(b.last) < barEvery {
		return
	}
	b.last, b.drawn = now, true
	io.WriteString(b.w, "\r\x1b[K"+b.text(p))
}

// text is the bar, narrower than the terminal so that it stays on its line.
func (b *bar) text(p transfer.Progress) string {
	tail := fmt.Sprintf(" %d, %.0f/s", p.Done, p.Rate)
	width := b.width()
	if width <= 0 {
		width = 80
	}
	if p.Size <= 0 {
		return displaywidth.TruncateString(b.what+tail, width-1, "")
	}
	part := min(1, float64(p.Read)/float64(p.Size))
	tail = fmt.Sprintf(" %3.0f%% ", 100*part) + strings.TrimSpace(tail)
	room := min(30, width-1-len(b.what)-len(tail)-3)
	if room < 5 {
		return displaywidth.TruncateString(b.what+tail, width-1, "")
	}
	full := int(part * float64(room))
	return b.what + " [" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]" + tail
}
