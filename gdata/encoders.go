package gdata

import (
	"sync"

	"contacts/wire"
)

// encoders remember the encoders of answers, because to make one takes as long
// as to use it on one entry, and most requests are alike but for the entry. The
// zero value remembers none.
type encoders struct {
	mu sync.RWMutex
	m  map[wire.Options]*wire.Encoder
}

// The bounds on memory. When there are so many encoders, all are forgotten, and
// none is kept for a host or a callback whose name the client made so long.
const (
	maxEncoders = 1024
	maxName     = 256
)

func (es *encoders) get(o wire.Options) *wire.Encoder {
	es.mu.RLock()
	e := es.m[o]
	es.mu.RUnlock()
	if e != nil {
		return e
	}
	e = wire.NewEncoder(o)
	if len(o.Base) > maxName || len(o.IDBase) > maxName || len(o.Callback) > maxName {
		return e
	}
	es.mu.Lock()
	defer es.mu.Unlock()
	if es.m == nil || len(es.m) >= maxEncoders {
		es.m = make(map[wire.Options]*wire.Encoder)
	}
	es.m[o] = e
	return e
}
