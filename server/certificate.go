package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A certificate is a pair of PEM files that may be renewed while the server
// runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	read   time.Time // modification time of certFile as read
	looked time.Time
}

// lookAgain is how long a certificate is used before its file is looked at.
const lookAgain = time.Minute

func (s *Server) certificate() (*certificate, error) {
	c := &certificate{certFile: s.config.TLSCert, keyFile: s.config.TLSKey, log: s.log, now: s.config.Now}
	return c, c.load()
}

func (c *certificate) load() error {
	info, err := os.Stat(c.certFile)
	if err != nil {
		return invalid("tls_cert", "%v", err)
	}
	if c.pair != nil && info.ModTime().Equal(c.read) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return invalid("tls_cert", "%v", err)
	}
	c.pair, c.read = &pair, info.ModTime()
	return nil
}

// get is the certificate for a handshake. While the renewed files cannot be
// read, as between the writing of the one and of the other, it is the old one.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		if err := c.load(); err != nil {
			c.log.Warn("keeping the old certificate", "error", err)
		}
	}
	return c.pair, nil
}
