package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A presenter chooses the certificate for a handshake.
type presenter interface {
	get(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// validity is the time for which the certificate holds that ends first; to
	// is zero if there is none yet, and from if it is not known.
	validity() (from, to time.Time)
}

// A certificate is a pair of PEM files that may be renewed while the server
// runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	read   [2]fileState // of certFile and keyFile as they were read
	looked time.Time
}

// A fileState changes when a file is written or replaced.
type fileState struct {
	size    int64
	written time.Time
}

// lookAgain is how long a certificate is used before its files are looked at.
const lookAgain = time.Minute

func (s *Server) certificate() (*certificate, error) {
	c := &certificate{certFile: s.config.TLSCert, keyFile: s.config.TLSKey, log: s.log, now: s.config.Now}
	return c, c.load()
}

func (c *certificate) load() error {
	var states [2]fileState
	for i, name := range [2]string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return invalid("tls_cert", "%v", err)
		}
		states[i] = fileState{info.Size(), info.ModTime()}
	}
	if c.pair != nil && states == c.read {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return invalid("tls_cert", "%v", err)
	}
	if end := pair.Leaf.NotAfter; c.pair != nil && !c.now().Before(end) && end.Before(c.pair.Leaf.NotAfter) {
		return invalid("tls_cert", "%s ended on %s, before the certificate in use", c.certFile, end.UTC().Format(time.DateOnly)) // OPS-62
	}
	if c.pair != nil {
		c.log.Info("took up a renewed certificate", "ends", pair.Leaf.NotAfter)
	}
	c.pair, c.read = &pair, states // OPS-61
	return nil
}

// look loads the files again, if it is time to. While the renewed ones cannot
// be used, as between the writing of the one and of the other, the old
// certificate stays (OPS-62).
func (c *certificate) look() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked).Abs() >= lookAgain { // the clock may have been set back
		c.looked = now
		if err := c.load(); err != nil {
			c.log.Warn("keeping the old certificate", "error", err) // OPS-62
		}
	}
	return c.pair
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.look(), nil }

func (c *certificate) validity() (from, to time.Time) {
	leaf := c.look().Leaf
	return leaf.NotBefore, leaf.NotAfter
}
