// Package server puts the parts of contactsd together from a Config: the
// store, the accounts, the rules of the books and the protocols, as one
// http.Handler. Tests run exactly what the program runs.
//
// It knows where each protocol lives and how a server starts and stops; what
// the protocols say is theirs.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/book"
	"contacts/reply"
	"contacts/store"
	"contacts/store/sqlite"
)

// A Server is one open store with everything on top of it. Several may share
// one store, in one process or in many; one of them at a time may Serve.
type Server struct {
	// Auth looks after the accounts. Removing one is not only its matter: see
	// RemoveUser.
	Auth *auth.Service

	config Config
	log    *slog.Logger
	store  store.Store
	db     *sqlite.Store // the same
	book   *book.Service
	site   *reply.Site
	idBase string // empty until it is known

	watch *watch
	gate  *gate

	standIn  *StandIn // set by Serve; nil unless Config.StandIn
	presents atomic.Pointer[certificates]

	backups struct {
		sync.Mutex
		status BackupStatus
	}
}

// HasStore reports whether a data directory has a database, which Open would
// otherwise make.
func HasStore(data string) bool {
	_, err := os.Stat(filepath.Join(data, sqlite.FileName))
	return !errors.Is(err, fs.ErrNotExist)
}

// Open opens the store and makes the parts. It fails with kind Invalid on a
// setting that cannot be meant, and with kind Forbidden where root would make
// a store in the directory of another user. Close must be called when all requests are
// finished.
func Open(ctx context.Context, c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	trusted, err := c.proxies()
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, log: c.Logger}
	if !HasStore(c.Data) {
		if err := foreign(c.Data); err != nil {
			return nil, err
		}
	}
	st, err := sqlite.Open(ctx, c.Data, sqlite.Options{Logger: c.Logger, Now: c.Now, BeforeUpgrade: s.beforeUpgrade})
	if err != nil {
		return nil, err
	}
	secret, err := secretKey(c.Data)
	if err != nil {
		st.Close()
		return nil, err
	}
	s.store, s.db = st, st
	s.site = &reply.Site{PublicURL: c.PublicURL, Hosts: c.hosts(), InsecureHTTP: c.InsecureHTTP, TrustedProxies: trusted}
	s.book = book.New(st, book.Options{
		Now:                     c.Now,
		MaxContacts:             c.MaxContacts,
		MaxSharedContacts:       c.MaxSharedContacts,
		AcceptRedundantOtherRel: c.AcceptRedundantOtherRel,
		AuditKeep:               c.AuditKeep,
	})
	s.Auth = auth.New(st, auth.Options{
		Now:               c.Now,
		Logger:            c.Logger,
		Site:              s.site,
		DefaultDomain:     c.DefaultDomain,
		ClientLoginOff:    !c.ClientLogin,
		ClientLoginLife:   c.ClientLoginLife,
		LoginCaptchaAfter: c.LoginCaptchaAfter,
		LoginRefuseAfter:  c.LoginRefuseAfter,
		LoginWindow:       c.LoginWindow,
		RequestRate:       c.RequestRate,
		RequestBurst:      c.RequestBurst,

		AuthSubOff:          !c.AuthSub,
		AuthSubUnregistered: c.AuthSubUnregistered,
		OAuth1Off:           !c.OAuth1,
		OAuth2Off:           !c.OAuth2,
		ImplicitGrant:       c.OAuth2Implicit,
		SecretKey:           secret,
	})
	if s.idBase, err = s.findIDBase(ctx); err != nil {
		st.Close()
		return nil, err
	}
	_, templates := s.routes()
	s.watch = newWatch(s, templates)
	return s, nil
}

// Close closes the store.
func (s *Server) Close() error { return s.store.Close() }

// Handler is everything that the server answers. Without Config.IDBase, and
// before the first Serve has fixed one, ids follow the host of each request.
func (s *Server) Handler() http.Handler {
	next, _ := s.routes()
	return s.front(next)
}

// front is what stands before all handlers.
func (s *Server) front(next http.Handler) *reply.Front {
	return &reply.Front{
		Next: next, Site: s.site, Logger: s.log, Watcher: s.watch,
		Slow: s.config.SlowRequest, Stall: s.config.StallTimeout, ReadTimeout: s.config.ReadTimeout,
	}
}

// adminHandler is what AdminListen answers.
func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]http.HandlerFunc{"/healthz": healthy, "/readyz": s.ready, "/metrics": s.serveMetrics} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { // OPS-54
			reply.SetRoute(w, path)
			h(w, r)
		})
	}
	return s.front(mux)
}

// Record types of this package. The numbers are stored.
const recordSettings store.RecordType = 100

// keyIDBase is the record of the authority that ids have had since the
// installation.
const keyIDBase = "id_base"

// findIDBase is the authority that ids have: the configured one, or else the
// one that was fixed before, or else empty.
func (s *Server) findIDBase(ctx context.Context) (base string, err error) {
	if s.config.IDBase != "" {
		return s.config.IDBase, nil
	}
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		value, err := tx.Record(recordSettings, keyIDBase)
		base = string(value)
		return err
	})
	if contacts.KindOf(err) == contacts.NotFound {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the id base: %w", err)
	}
	return base, nil
}

// fixIDBase settles at the first start what ids begin with from now on, even
// when the server moves or its links become https.
func (s *Server) fixIDBase(ctx context.Context, addr net.Addr) error {
	switch {
	case s.idBase != "":
	case s.config.StandIn && s.config.PublicURL == "":
		s.idBase = standInIDBase // STAND-41
	default:
		s.idBase = "http://" + authorityOf(s.config.PublicURL, addr) // RES-63
	}
	err := s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		old, err := tx.Record(recordSettings, keyIDBase)
		if err != nil && contacts.KindOf(err) != contacts.NotFound {
			return err
		}
		if err == nil && s.config.IDBase == "" {
			s.idBase = string(old) // RES-63
		}
		if string(old) == s.idBase {
			return nil
		}
		return tx.PutRecord(recordSettings, keyIDBase, []byte(s.idBase), time.Time{})
	})
	if err != nil {
		return fmt.Errorf("keep the id base: %w", err)
	}
	return nil
}

// authorityOf is that of the public URL or, without one, that under which a
// client on this machine reaches a listener on addr.
func authorityOf(publicURL string, addr net.Addr) string {
	if _, a, ok := strings.Cut(publicURL, "://"); ok {
		return a
	}
	host, port, err := net.SplitHostPort(addr.String())
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if err != nil || port == "80" {
		return host
	}
	return net.JoinHostPort(host, port)
}
