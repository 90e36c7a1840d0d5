package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"contacts"
	"contacts/store"
)

const (
	indexBatch  = 256              // changes of one book that wait before they become a run
	maxBatches  = 4                // times as many become one run at most
	fanOut      = 8                // runs of like size that become one
	purgeIdle   = time.Second      // after a deletion, before the words of the deleted are erased
	purgePeriod = 10 * time.Minute // at least, between two times that a book's index is written anew to that end
	retryAfter  = time.Second      // after an error
)

// An indexer turns what waits into runs, and few large runs are made of many
// small ones, beside the writer: it reads and sorts in Views, and hands the
// outcome to short Updates, which make sure that it is still true.
type indexer struct {
	st     *Store
	logger *slog.Logger
	batch  int // indexBatch, except in tests
	piece  int // pieceBlocks, except in tests
	wake   chan struct{}
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	filters mailFilters

	mu    sync.Mutex
	books map[store.Owner]*indexing // those with something to do
}

// indexing is what is to be done for the index of one book.
type indexing struct {
	waiting int       // changes since the last run
	buried  time.Time // of the last deletion whose words are not erased
	purged  time.Time // when words were erased
}

// errOvertaken ends work on an index that has changed meanwhile; it is done
// another time.
var errOvertaken = errors.New("sqlite: the index has changed")

func startIndexer(st *Store, o Options) *indexer {
	x := &indexer{
		st:     st,
		logger: o.Logger,
		batch:  cmp.Or(o.indexBatch, indexBatch),
		piece:  cmp.Or(o.indexPiece, pieceBlocks),
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		books:  map[store.Owner]*indexing{},
	}
	x.filters = mailFilters{asked: x.wake, byRun: map[int64]mailFilter{}, missing: map[int64]store.Owner{}}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	go x.run()
	return x
}

// stop ends the work, finished or not.
func (x *indexer) stop() {
	x.cancel()
	<-x.done
}

// changed tells of committed changes.
func (x *indexer) changed(owner store.Owner, changes int, buried bool) {
	x.mu.Lock()
	b := x.books[owner]
	if b == nil {
		b = &indexing{}
		x.books[owner] = b
	}
	b.waiting += changes
	pending := !b.buried.IsZero()
	if buried {
		b.buried = time.Now()
	}
	wake := b.waiting >= x.batch || buried && !pending
	x.mu.Unlock()
	if wake {
		select {
		case x.wake <- struct{}{}:
		default:
		}
	}
}

func (x *indexer) run() {
	defer close(x.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-x.wake:
		case <-timer.C:
		case <-x.ctx.Done():
			return
		}
		x.learn()
		next := time.Duration(0)
		for owner, purge := range x.due(time.Now(), &next) {
			err := x.tidy(owner, purge)
			if err == nil {
				x.st.counts.runs.At("done").Inc()
			}
			if err == nil || x.ctx.Err() != nil {
				continue
			}
			x.st.counts.runs.At("later").Inc()
			if !errors.Is(err, errOvertaken) {
				x.logger.Warn("the search index is not tidied and will be later", "owner", owner, "err", err)
			}
			x.again(time.Now(), owner, purge)
			next = retryAfter
		}
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// learn reads the runs that have no filter and were asked for, such as those
// that were made before the program was started.
func (x *indexer) learn() {
	for number, owner := range x.filters.takeMissing() {
		var hashes []uint64
		err := x.st.View(x.ctx, owner, func(st store.Tx) error {
			t := st.(*tx)
			runs, err := t.runs()
			i := slices.IndexFunc(runs, func(r run) bool { return r.number == number })
			if err != nil || i < 0 {
				return cmp.Or(err, errOvertaken)
			}
			return t.scanRun(runs[i], string(rune(emailTerm)), func(b *blockReader) bool {
				hashes = appendMails(hashes, b)
				return len(b.term) == 0 || b.term[0] <= emailTerm
			})
		})
		if err == nil { // else it is asked for again
			x.filters.put(number, newMailFilter(hashes), nil)
		}
	}
}

// again notes that a book is still to be tidied.
func (x *indexer) again(now time.Time, owner store.Owner, purge bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.books[owner]
	b.waiting += x.batch
	if purge {
		b.buried, b.purged = now.Add(-purgeIdle), time.Time{}
	}
}

// due takes the books whose time has come out of those to do, and says which
// are to be purged, and when to look again.
func (x *indexer) due(now time.Time, next *time.Duration) map[store.Owner]bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	due := map[store.Owner]bool{}
	for owner, b := range x.books {
		purge := false
		if !b.buried.IsZero() {
			at := b.buried.Add(purgeIdle)
			if again := b.purged.Add(purgePeriod); again.After(at) {
				at = again
			}
			if wait := at.Sub(now); wait > 0 {
				if *next == 0 || wait < *next {
					*next = wait
				}
			} else {
				purge = true
				b.buried, b.purged = time.Time{}, now
			}
		}
		if purge || b.waiting >= x.batch {
			due[owner] = purge
			b.waiting = 0
		} else if b.waiting == 0 && b.buried.IsZero() && now.Sub(b.purged) > purgePeriod {
			delete(x.books, owner)
		}
	}
	return due
}

// tidy makes runs of what waits for the index of a book, and merges runs as
// long as there are too many. To purge is to merge them all if any has terms
// of deleted contacts.
func (x *indexer) tidy(owner store.Owner, purge bool) error {
	for {
		n, err := x.flush(owner)
		if err != nil {
			return err
		}
		if n < x.batch*maxBatches {
			break
		}
	}
	for {
		merged, err := x.merge(owner, purge)
		if err == nil && !merged && purge {
			return x.sweep(owner) // QRY-47: a kill may have left words of the deleted
		}
		if err != nil || !merged {
			return err
		}
	}
}

// flush makes a run of what waits, and returns of how many contacts.
func (x *indexer) flush(owner store.Owner) (int, error) {
	var documents []document
	r := run{number: rand.Int64()}
	err := x.st.View(x.ctx, owner, func(t store.Tx) (err error) {
		documents, r.known, err = t.(*tx).waiting(x.batch * maxBatches)
		return err
	})
	if err != nil || len(documents) == 0 {
		return 0, err
	}
	blocks := writeRun(documents)
	r.contacts = int64(len(documents))
	r.least, r.greatest = documents[0].id, documents[len(documents)-1].id
	for _, d := range documents {
		if d.gone {
			r.gone++
		}
	}
	err = x.put(owner, &r, blocks, func(t *tx) error {
		runs, err := t.runs()
		if err != nil {
			return err
		}
		if len(runs) > 0 {
			r.place = runs[0].place + 1
		}
		return t.change(func() error { return t.indexedNow(documents) })
	})
	if err == nil {
		x.filters.put(r.number, filterOf(blocks), nil)
	}
	return len(documents), err
}

// waiting returns those who wait, at most so many, and how many of them were
// indexed before.
func (t *tx) waiting(most int) (documents []document, known int64, err error) {
	stmt, err := t.conn.bind("SELECT key, known, terms FROM waiting WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3", t.key(0), t.key(maxID), int64(most))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		known += stmt.ColumnInt64(1)
		terms := text(stmt, 2)
		documents = append(documents, document{id: idOf(stmt.ColumnInt64(0)), gone: terms == "", terms: terms})
	}
	return documents, known, err
}

// indexedNow ends the waiting of contacts whose terms are in a run, unless they
// have changed.
func (t *tx) indexedNow(documents []document) error {
	same, err := t.stillWaiting(documents)
	if err != nil {
		return err
	}
	if same {
		return t.conn.run("DELETE FROM waiting WHERE key BETWEEN ?1 AND ?2", t.key(documents[0].id), t.key(documents[len(documents)-1].id))
	}
	for _, d := range documents {
		if err := t.indexedOne(d); err != nil {
			return err
		}
	}
	return nil
}

// stillWaiting reports whether those who wait, from the first of the documents to the
// last, are they as they were.
func (t *tx) stillWaiting(documents []document) (bool, error) {
	stmt, err := t.conn.bind("SELECT key, terms FROM waiting WHERE key BETWEEN ?1 AND ?2 ORDER BY key", t.key(documents[0].id), t.key(documents[len(documents)-1].id))
	if err != nil {
		return false, err
	}
	defer stmt.Reset()
	for _, d := range documents {
		more, err := stmt.Step()
		if err != nil || !more || stmt.ColumnInt64(0) != t.key(d.id) || string(t.scratch(stmt, 1, stmt.ColumnLen(1))) != d.terms {
			return false, err
		}
	}
	more, err := stmt.Step()
	return !more, err
}

// indexedOne is indexedNow for one of them.
func (t *tx) indexedOne(d document) error {
	stmt, err := t.conn.bind("DELETE FROM waiting WHERE key = ?1 AND coalesce(terms, x'') = ?2", t.key(d.id))
	if err != nil {
		return err
	}
	stmt.BindBytes(2, []byte(d.terms))
	if _, err := stmt.Step(); err != nil || t.conn.Changes() == 1 {
		return err
	}
	err = t.conn.run("UPDATE waiting SET known = 1 WHERE key = ?1", t.key(d.id))
	if err == nil && t.conn.Changes() == 0 { // the book was dropped
		err = errOvertaken
	}
	return err
}

// merge makes one run of several, if there are too many, and reports whether
// it did.
func (x *indexer) merge(owner store.Owner, purge bool) (bool, error) {
	var inputs []run
	var r run
	var blocks []runBlock
	err := x.st.View(x.ctx, owner, func(st store.Tx) error {
		t := st.(*tx)
		runs, err := t.runs()
		if err != nil {
			return err
		}
		n := toMerge(runs, int64(x.batch))
		if purge && slices.ContainsFunc(runs, func(r run) bool { return r.gone > 0 }) {
			n = len(runs) // QRY-47
		}
		if n == 0 {
			return nil
		}
		inputs = runs[:n]
		r, blocks, err = t.merge(inputs, n == len(runs))
		return err
	})
	if err != nil || inputs == nil {
		return false, err
	}
	err = x.put(owner, &r, blocks, func(t *tx) error {
		now, err := t.runs()
		if err != nil {
			return err
		}
		newer := slices.IndexFunc(now, func(r run) bool { return r == inputs[0] })
		if newer < 0 || len(now)-newer < len(inputs) || !slices.Equal(now[newer:newer+len(inputs)], inputs) {
			return errOvertaken
		}
		return t.change(func() error {
			for _, old := range inputs {
				if err := t.conn.run("DELETE FROM run WHERE owner = ?1 AND run = ?2", int64(owner), old.number); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return false, err
	}
	x.filters.put(r.number, filterOf(blocks), inputs)
	return true, x.sweep(owner)
}

// toMerge says how many of the newest runs are to become one: as soon as there
// are fanOut of one size, they and all newer ones, so that their number grows
// with the logarithm of the book; and all, when what is out of date in them
// has become as much as what is not.
func toMerge(runs []run, batch int64) int {
	var all, known int64
	for _, r := range runs {
		all += r.contacts
		known += r.known
	}
	if known > batch && known > all/2 {
		return len(runs)
	}
	for size, alike, n := batch, 0, 0; n < len(runs); {
		// those up to n are smaller than size
		for alike = 0; n < len(runs) && runs[n].contacts < size*fanOut; n++ {
			if runs[n].contacts >= size || size == batch {
				alike++
			}
		}
		if alike >= fanOut {
			return n
		}
		size *= fanOut
	}
	return 0
}

// merge reads the run that comes of others.
func (t *tx) merge(runs []run, oldest bool) (run, []runBlock, error) {
	r := run{number: rand.Int64(), place: runs[0].place, least: runs[0].least}
	var inputs []*mergeInput
	var newer []contacts.ID // whom the runs so far speak for
	known := int64(0)       // how many of them an older run may speak for
	for _, old := range runs {
		in := &mergeInput{blocks: t.blocksOf(old)}
		spoken, err := t.spokenFor(old)
		if err != nil {
			return r, nil, err
		}
		r.contacts += int64(len(spoken))
		if known > 0 {
			in.hidden = intersect(slices.Clone(newer), slices.Clone(spoken))
			r.contacts -= int64(len(in.hidden))
		}
		known += old.known
		newer = union(newer, spoken)
		inputs = append(inputs, in)
		r.least, r.greatest = min(r.least, old.least), max(r.greatest, old.greatest)
		if !oldest {
			r.known = known
			r.gone += old.gone
		}
	}
	blocks, err := mergeRuns(inputs, oldest)
	return r, blocks, err
}

// blocksOf returns a function that reads the blocks of a run one by one.
func (t *tx) blocksOf(r run) func() ([]byte, error) {
	const ahead = 8
	var blocks [][]byte
	last, done := []byte(nil), false
	return func() ([]byte, error) {
		if len(blocks) == 0 && !done {
			stmt, err := t.conn.bind("SELECT first, data FROM posting WHERE owner = ?1 AND run = ?2 AND first > ?4 ORDER BY first LIMIT ?3",
				int64(t.owner), r.number, ahead)
			if err != nil {
				return nil, err
			}
			stmt.BindBytes(4, last)
			for {
				more, err := stmt.Step()
				if err != nil {
					return nil, err
				}
				if !more {
					break
				}
				first := blob(stmt, 0)
				if bytes.Compare(first, last) <= 0 { // they would come again and again
					stmt.Reset()
					return nil, errBadBlock
				}
				last = first
				blocks = append(blocks, blob(stmt, 1))
			}
			done = len(blocks) < ahead
		}
		if len(blocks) == 0 {
			return nil, nil
		}
		b := blocks[0]
		blocks = blocks[1:]
		return b, nil
	}
}
