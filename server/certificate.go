package server

import (
	"crypto/tls"
	"fmt"
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

	mu     sync.Mutex
	pair   *tls.Certificate
	read   time.Time // modification time of certFile as read
	looked time.Time
}

// lookAgain is how long a certificate is used before its file is looked at.
const lookAgain = time.Minute

func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
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
	if now := time.Now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		if err := c.load(); err != nil {
			c.log.Warn("keeping the old certificate", "error", fmt.Sprint(err))
		}
	}
	return c.pair, nil
}
