package gdata

import "sync"

// A body collects the entries of a page in pieces of one size, so that a large
// page grows without being copied, and its memory serves the next one.
type body struct{ pieces []*buffer }

const (
	pieceSize = 256 << 10
	roomy     = 16 << 10 // for one more entry of usual size
)

var pieces = sync.Pool{New: func() any { return &buffer{make([]byte, 0, pieceSize)} }}

// last is the piece to which the next entry is to be appended, whole.
func (b *body) last() *buffer {
	if n := len(b.pieces); n > 0 && cap(b.pieces[n-1].b)-len(b.pieces[n-1].b) >= roomy {
		return b.pieces[n-1]
	}
	p := pieces.Get().(*buffer)
	b.pieces = append(b.pieces, p)
	return p
}

// parts are the bytes of the body, between head and tail.
func (b *body) parts(head, tail []byte) [][]byte {
	all := make([][]byte, 0, len(b.pieces)+2)
	all = append(all, head)
	for _, p := range b.pieces {
		all = append(all, p.b)
	}
	return append(all, tail)
}

// release gives the pieces back.
func (b *body) release() {
	for _, p := range b.pieces {
		if cap(p.b) > 2*pieceSize {
			continue // a huge entry made it
		}
		p.b = p.b[:0]
		pieces.Put(p)
	}
}
