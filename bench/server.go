package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A server is one contacts server under measurement, together with what the
// generator knows to be stored in it.
type server struct {
	name string
	t    Target
	peer *peer // how to start and stop it; nil if somebody else does

	pidfile string   // its processes, for memory and processor time; may be empty
	data    []string // its directories, for disk use
	version string
	note    string // its settings

	seed  uint64
	want  int   // contacts that the measurement puts into it, where it is planned ahead
	refs  []Ref // the contacts stored, by number of the person
	rev   int   // last revision given to an update
	token string
	conns []*Conn
	disk0 int64 // disk use of the empty store
}

// clients returns n connections, opened earlier where there are some.
func (s *server) clients(n int) []*Conn {
	if have := len(s.conns); have < n {
		s.conns = append(s.conns, newConns(n-have)...)
	}
	return s.conns[:n]
}

// conn is the connection of everything that one client does.
func (s *server) conn() *Conn { return s.clients(1)[0] }

func (s *server) parallel(op string, clients, total int, limit time.Duration, fn func(c *Conn, client, call int) error) Result {
	return parallel(op, s.clients(clients), total, limit, s.pidfile, fn)
}

// insert adds the next count persons.
func (s *server) insert(op string, clients, count int) Result {
	from := len(s.refs)
	added := make([]Ref, count)
	r := s.parallel(op, clients, count, 0, func(c *Conn, _, call int) (err error) {
		added[call], err = s.t.Insert(c, NewPerson(s.seed, from+call, 0))
		return err
	})
	s.refs = append(s.refs, added...)
	return r
}

// insertBatch adds the next count persons with batches of 100.
func (s *server) insertBatch(op string, count int) Result {
	r := s.parallel(op, 1, count/100, 0, func(c *Conn, _, _ int) error {
		ps := make([]Person, 100)
		for i := range ps {
			ps[i] = NewPerson(s.seed, len(s.refs)+i, 0)
		}
		refs, err := s.t.InsertBatch(c, ps)
		if err == nil {
			s.refs = append(s.refs, refs...)
		}
		return err
	})
	r.Note = strings.TrimSpace(fmt.Sprintf("%s %.0f contacts/s, %.0f/s while they are sent and answered", r.Note, r.PerSec*100, 100*float64(r.Count)/r.Waited))
	return r
}

// get reads single contacts from all over the book.
func (s *server) get(op string, clients int, d time.Duration) Result {
	return s.parallel(op, clients, 0, d, func(c *Conn, _, call int) error {
		return s.t.Get(c, s.refs[call*7919%len(s.refs)])
	})
}

// update writes single contacts; each client keeps to its share of the book, so
// that no write meets another's.
func (s *server) update(op string, clients int, d time.Duration) Result {
	s.rev++
	share := len(s.refs) / clients
	done := make([]int, clients)
	return s.parallel(op, clients, 0, d, func(c *Conn, client, _ int) (err error) {
		done[client]++
		i := client*share + done[client]*31%share
		s.refs[i], err = s.t.Update(c, s.refs[i], NewPerson(s.seed, i, s.rev*1000+done[client]))
		return err
	})
}

// remove deletes the last count persons.
func (s *server) remove(op string, count int) Result {
	from := len(s.refs) - count
	gone := s.refs[from:]
	s.refs = s.refs[:from]
	return s.parallel(op, 1, count, 0, func(c *Conn, _, call int) error { return s.t.Delete(c, gone[call]) })
}

// list reads all ETags and fails if the server has other contacts than those
// written, or other states of them. It completes the refs for later updates.
func (s *server) list() (ReadStat, error) {
	listed, st, err := s.t.List(s.conn())
	if err != nil {
		return st, err
	}
	if len(listed) != len(s.refs) {
		return st, fmt.Errorf("%d contacts listed, %d written", len(listed), len(s.refs))
	}
	byPath := make(map[string]Ref, len(listed))
	for _, r := range listed {
		byPath[r.Path] = r
	}
	for i, r := range s.refs {
		l, ok := byPath[r.Path]
		if !ok {
			return st, fmt.Errorf("contact %d (%s) is not listed", i, r.Path)
		}
		if r.ETag != "" && l.ETag != r.ETag {
			return st, fmt.Errorf("contact %d (%s) is listed with ETag %s, written with %s", i, r.Path, l.ETag, r.ETag)
		}
		s.refs[i].ETag, s.refs[i].Edit = l.ETag, l.Edit
	}
	return st, nil
}

// change updates count contacts spread over the book, in turn others each
// time, and returns them as they are now.
func (s *server) change(count int) ([]Ref, error) {
	s.rev++
	changed := make([]Ref, count)
	for j := range changed {
		i := (s.rev*10007 + j*(len(s.refs)/count)) % len(s.refs)
		r, err := s.t.Update(s.conn(), s.refs[i], NewPerson(s.seed, i, s.rev))
		if err != nil {
			return nil, err
		}
		s.refs[i], changed[j] = r, r
	}
	return changed, nil
}

// sync fetches what changed since the last call and keeps the new mark. It
// fails if one of the changes made meanwhile is missing. The first call only
// takes the mark.
func (s *server) sync(changed []Ref) (ReadStat, error) {
	if s.token == "" {
		token, st, err := s.t.Token(s.conn())
		s.token = token
		return st, err
	}
	ch, err := s.t.Sync(s.conn(), s.token)
	if err != nil {
		return ch.ReadStat, err
	}
	s.token = ch.Next
	for _, r := range changed {
		seen := func(o Ref) bool { return o.Path == r.Path && o.ETag == r.ETag }
		if !slices.ContainsFunc(ch.Refs, seen) {
			return ch.ReadStat, fmt.Errorf("sync misses the change of %s", r.Path)
		}
	}
	return ch.ReadStat, nil
}

// A query is a search with the number of contacts it must find.
type query struct {
	mode, text string
	want       int
}

// queries returns a search that finds one contact, by its whole address, and
// one that finds 1 %, by the name of a mail host. No update changes addresses.
func (s *server) queries() (one, percent query) {
	address := NewPerson(s.seed, len(s.refs)/2, 0).EmailWork
	one = query{mode: "prefix", text: address[:strings.IndexByte(address, '@')]}
	percent = query{mode: "contains", text: "@mail37.example"}
	for i := range s.refs {
		p := NewPerson(s.seed, i, 0)
		if strings.HasPrefix(p.EmailWork, one.text) {
			one.want++
		}
		if strings.Contains(p.EmailWork, percent.text) {
			percent.want++
		}
	}
	return one, percent
}

// search runs a query and fails if the answer has another number of contacts.
func (s *server) search(q query) (ReadStat, error) {
	st, err := s.t.Search(s.conn(), q.mode, q.text)
	if err == nil && st.Count != q.want {
		err = fmt.Errorf("q=%s finds %d contacts, want %d", q.text, st.Count, q.want)
	}
	return st, err
}

// fullRead reads every contact and fails if the answer has too few or too many.
func (s *server) fullRead(mode string) (ReadStat, error) {
	st, err := s.t.FullRead(s.conn(), mode, s.refs)
	if err == nil && st.Count != len(s.refs) {
		err = fmt.Errorf("full read (%s) has %d contacts, want %d", mode, st.Count, len(s.refs))
	}
	return st, err
}

// peakOf runs f and returns the highest memory use of the server meanwhile.
func (s *server) peakOf(f func() error) (int64, error) {
	stop := pssPeak(s.pidfile)
	err := f()
	return stop(), err
}

// stop ends the server and closes the connections to it.
func (s *server) stop() error {
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
	return s.peer.do("stop")
}

// start starts a stopped server on its data and returns the time until it
// answered its first request.
func (s *server) start() (time.Duration, error) {
	begin := time.Now()
	if err := s.peer.do("start"); err != nil {
		return 0, err
	}
	err := waitReady(s.t)
	return time.Since(begin), err
}

// readyLimit is how long a server may take to answer its first request.
const readyLimit = 2 * time.Minute

// waitReady asks until the server answers. That the address book does not
// exist yet is an answer as well.
func waitReady(t Target) error {
	begin := time.Now()
	for {
		c := NewConn()
		err := t.Ready(c)
		c.Close()
		if err == nil {
			return nil
		}
		if st, ok := errors.AsType[*statusError](err); ok && st.status == 404 {
			return nil
		}
		if time.Since(begin) > readyLimit {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// coldStart stops and starts a server n times with a warm page cache and
// returns the median time until the first answer, its memory a second later,
// and the disk use for each contact after a clean stop.
func (s *server) coldStart(n int) (took time.Duration, pss int64, disk float64, err error) {
	if err := s.peer.do("checkpoint"); err != nil {
		return 0, 0, 0, err
	}
	var times []time.Duration
	for i := range n {
		if err := s.stop(); err != nil {
			return 0, 0, 0, err
		}
		if i == 0 {
			disk = float64(diskUse(s.data)-s.disk0) / float64(len(s.refs))
		}
		d, err := s.start()
		if err != nil {
			return 0, 0, 0, err
		}
		times = append(times, d)
	}
	slices.Sort(times)
	time.Sleep(time.Second)
	return times[n/2], pssOf(procTree(s.pidfile)), disk, nil
}
