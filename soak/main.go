// Command soak runs a contactsd under mixed traffic for as long as wanted:
// users of two domains, their own contacts and the shared ones, all kinds of
// operations, restarts by SIGTERM and kill -9, and backups in between. A model
// knows what every book must hold. At the end everything has to be equal: the
// books, the copies of programs that follow the changes, each photo, what
// `contactsd verify` says of the store and of the last backup. It prints a
// report, and fails if anything differs, or if memory or file descriptors of
// the server grew.
//
// `make soak SOAK=1h` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"contacts"
	"contacts/client"
)

// Options are what a run is like.
type options struct {
	program string        // contactsd
	dir     string        // for data, log and backups; empty
	time    time.Duration // of the traffic
	users   int           // of each domain
	every   time.Duration // between two restarts
	seed    uint64
}

func main() {
	var o options
	flag.StringVar(&o.program, "program", "bin/contactsd", "the server program")
	flag.DurationVar(&o.time, "time", time.Hour, "how long the traffic lasts")
	flag.IntVar(&o.users, "users", 8, "users of each of the two domains")
	flag.DurationVar(&o.every, "every", 0, "time between two restarts (default a twelfth of -time, at most 5m)")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the random traffic")
	flag.Parse()
	dir, err := os.MkdirTemp("", "soak-")
	if err == nil {
		o.dir = dir
		err = run(context.Background(), o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\nthe data and the server's log are in %s\n", err, dir)
		os.Exit(1)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
}

// password is that of all accounts.
const password = "Obstinate, headstrong girl!"

// A soak is a run.
type soak struct {
	o     options
	m     *machine
	stats stats
	books []*book

	backups, kills, terms int
	backup                string // the last one
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.every == 0 {
		o.every = min(o.time/12, 5*time.Minute)
	}
	m, err := newMachine(o.program, o.dir)
	if err != nil {
		return err
	}
	defer m.log.Close()
	s := &soak{o: o, m: m}
	if err := s.setUp(); err != nil {
		return err
	}
	if err := m.start(); err != nil {
		return err
	}
	defer func() {
		select {
		case <-m.up:
			m.stop(syscall.SIGKILL)
		default:
		}
	}()
	began := time.Now()
	err = s.traffic(ctx)
	took := time.Since(began)
	if err == nil {
		err = s.compare(ctx)
	}
	if err == nil {
		err = m.ready()
	}
	s.report(out, took)
	if err == nil {
		err = m.stop(syscall.SIGTERM)
	}
	if err == nil {
		_, err = m.run("", "verify")
	}
	if err == nil && s.backup != "" {
		_, err = m.run("", "verify", s.backup)
	}
	err = errors.Join(err, m.flat())
	if err == nil {
		fmt.Fprintln(out, "everything is equal")
	}
	return err
}

// setUp makes two domains with their users and administrators.
func (s *soak) setUp() error {
	seed := s.o.seed
	add := func(name, email, domain string) error {
		login := &client.ClientLogin{BaseURL: site, Email: email, Password: password, Transport: s.m.transport()}
		c, err := client.New(site, client.WithTransport(login), client.WithRetries(0), client.WithPageSize(40))
		if err != nil {
			return err
		}
		if domain != "" {
			c = c.Domain(domain)
		}
		seed++
		s.books = append(s.books, &book{name: name, shared: domain != "", c: c, m: s.m, stats: &s.stats,
			random: rand.New(rand.NewPCG(s.o.seed, seed)), people: map[string]state{},
			read: map[string]*client.Contact{}, groups: map[string]contacts.ID{}})
		return nil
	}
	for _, domain := range []string{"longbourn.example.com", "pemberley.example.com"} {
		if _, err := s.m.run("", "domain", "add", domain); err != nil {
			return err
		}
		for i := range s.o.users + 1 {
			email, args := fmt.Sprintf("guest%d@%s", i, domain), []string(nil)
			if i == 0 {
				email, args = "bennet@"+domain, []string{"--admin"}
			}
			if _, err := s.m.run(password+"\n", append([]string{"user", "add", email, "--password-stdin"}, args...)...); err != nil {
				return err
			}
			var err error
			if i == 0 {
				err = add("shared contacts of "+domain, email, domain)
			} else {
				err = add(email, email, "")
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// traffic lets all books be written and followed until the time is over, and
// restarts the server meanwhile. The first thing that is wrong ends it.
func (s *soak) traffic(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	end := time.Now().Add(s.o.time)
	var work sync.WaitGroup
	over := make(chan struct{})
	for _, b := range s.books {
		f := &follower{b: b, copy: map[string]string{}}
		done := make(chan struct{})
		work.Go(func() {
			defer close(done)
			err := b.settle(ctx, doubt{})
			for err == nil && time.Now().Before(end) {
				err = b.step(ctx)
			}
			if err != nil {
				fail(err)
			}
		})
		work.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true
				case <-time.After(time.Second):
				}
				if err := f.round(ctx); err != nil {
					fail(err)
					return
				}
			}
			var people map[string]*client.Contact
			err := b.look(ctx, "read all", func() (err error) { people, _, err = b.all(ctx); return err })
			if err == nil {
				err = f.check(people)
			}
			if err != nil {
				fail(err)
			}
		})
	}
	go func() { work.Wait(); close(over) }()
	tick, disturb := time.NewTicker(time.Second/4), time.NewTicker(s.o.every)
	defer tick.Stop()
	defer disturb.Stop()
	for n := 0; ; {
		select {
		case <-over:
			if err := context.Cause(ctx); err != nil {
				return err
			}
			return nil
		case <-tick.C:
			s.m.watch()
		case <-disturb.C:
			if time.Now().After(end) {
				continue
			}
			if err := s.disturb(n); err != nil {
				fail(err)
			}
			n++
		}
	}
}

// disturb makes a backup, or ends the server and starts it again.
func (s *soak) disturb(n int) (err error) {
	switch n % 3 {
	case 0:
		s.backup = filepath.Join(s.o.dir, fmt.Sprintf("backup-%d.tar.zst", n))
		_, err = s.m.run("", "backup", s.backup)
		s.backups++
		return err
	case 1:
		s.kills++
		err = s.m.stop(syscall.SIGKILL)
	case 2:
		s.terms++
		err = s.m.stop(syscall.SIGTERM)
	}
	if err != nil {
		return err
	}
	return s.m.start()
}

// compare reads every book and each photo, and checks that a new sign-in works.
func (s *soak) compare(ctx context.Context) error {
	for _, b := range s.books {
		if err := b.settle(ctx, doubt{}); err != nil {
			return err
		}
		for name, c := range b.read {
			if b.people[name].photo == "" {
				continue
			}
			if err := b.samePhoto(ctx, name, c); err != nil {
				return err
			}
		}
	}
	t := s.m.transport()
	defer t.CloseIdleConnections()
	login := &client.ClientLogin{BaseURL: site, Email: "guest1@pemberley.example.com", Password: password, Transport: t}
	return s.stats.time("sign in", func() error { return login.Login(ctx) })
}

// report prints what has happened.
func (s *soak) report(w io.Writer, took time.Duration) {
	people, photos := 0, 0
	for _, b := range s.books {
		people += len(b.people)
		for _, p := range b.people {
			if p.photo != "" {
				photos++
			}
		}
	}
	n := s.stats.total()
	fmt.Fprintf(w, "%v, seed %d: %d operations, %.0f/s, on %d books; at the end %d contacts with %d photos\n",
		took.Round(time.Second), s.o.seed, n, float64(n)/took.Seconds(), len(s.books), people, photos)
	fmt.Fprintf(w, "%d backups, %d kills, %d restarts by SIGTERM\n\n", s.backups, s.kills, s.terms)
	s.stats.report(w)
	fmt.Fprintf(w, "\n%-6s %8s %24s %26s\n", "life", "lasted", "memory, MiB (thirds)", "file descriptors (thirds)")
	for i, l := range s.m.lives {
		k := len(l.samples) / 3
		if k == 0 {
			continue
		}
		a, b, c := most(l.samples[:k]), most(l.samples[k:2*k]), most(l.samples[2*k:])
		lasted := l.samples[len(l.samples)-1].at.Sub(l.began).Round(time.Second)
		fmt.Fprintf(w, "%-6d %8v %10d %6d %6d %12d %6d %6d\n", i+1, lasted, a.memory>>10, b.memory>>10, c.memory>>10,
			a.descriptors, b.descriptors, c.descriptors)
	}
}
