package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"contacts"
	"contacts/wire"
)

// An Op is what an operation of a batch does.
type Op string

// The operations.
const (
	OpInsert Op = wire.OpInsert
	OpUpdate Op = wire.OpUpdate
	OpDelete Op = wire.OpDelete
	OpGet    Op = wire.OpQuery
)

// A ContactOp is one operation of a batch. An insert needs the data of the
// contact, the others the Entry of a contact that was read before. A get is
// content with its IDURL or Self link.
type ContactOp struct {
	Op      Op
	Contact *Contact
}

// A ContactResult is the answer to one operation.
type ContactResult struct {
	Contact *Contact // as stored; nil after a delete and after an error
	Status  int      // of HTTP, that the single request would have had; 0 if the server did not say
	Err     error    // as that of the single request; nil on success
}

// A GroupOp is to groups what a ContactOp is to contacts.
type GroupOp struct {
	Op    Op
	Group *Group
}

// A GroupResult is the answer to one operation.
type GroupResult struct {
	Group  *Group
	Status int
	Err    error
}

// Requests of a batch have at most maxOps operations, and about maxBatch bytes.
const (
	maxOps   = 100
	maxBatch = 4 << 20
)

// BatchContacts carries out many operations, in order, in requests of at most
// 100 each. There is one result for each operation, in the same place.
// Operations fail one by one; the error of BatchContacts is that of a whole
// request, after which no more are sent, and it is that of all operations that
// were not answered. Such a request is not repeated, because it may have been
// carried out. Force applies to all operations, and needs version 2 or 3.
func (c *Client) BatchContacts(ctx context.Context, ops []ContactOp, opts ...CallOption) ([]ContactResult, error) {
	all := make([]op[*Contact], len(ops))
	for i, o := range ops {
		all[i] = op[*Contact]{o.Op, o.Contact}
	}
	results, err := contactKind.batch(ctx, c, all, callOf(opts)) // LIB-27
	out := make([]ContactResult, len(results))
	for i, r := range results {
		out[i] = ContactResult{r.item, r.status, r.err}
	}
	return out, err
}

// BatchGroups is to groups what BatchContacts is to contacts.
func (c *Client) BatchGroups(ctx context.Context, ops []GroupOp, opts ...CallOption) ([]GroupResult, error) {
	all := make([]op[*Group], len(ops))
	for i, o := range ops {
		all[i] = op[*Group]{o.Op, o.Group}
	}
	results, err := groupKind.batch(ctx, c, all, callOf(opts)) // LIB-27
	out := make([]GroupResult, len(results))
	for i, r := range results {
		out[i] = GroupResult{r.item, r.status, r.err}
	}
	return out, err
}

type op[T any] struct {
	op   Op
	item T
}

type result[T any] struct {
	item   T
	status int
	err    error
}

// errUnanswered is the error of an operation that the answer does not mention.
var errUnanswered = errors.New("client: the server did not answer this operation of the batch")

func (k *kind[T]) batch(ctx context.Context, c *Client, ops []op[T], o call) ([]result[T], error) {
	results := make([]result[T], len(ops))
	url := c.feedURL(k.path, "full") + "/batch"
	var err error
	if o.at != "" {
		url, err = c.resolve(o.at) // LIB-68
	}
	for from := 0; from < len(ops) && err == nil; {
		var n int
		if n, err = k.batchRequest(ctx, c, url, ops[from:], results[from:], o.force); err != nil {
			break
		}
		from += n
	}
	for i := range results {
		if err != nil && results[i].status == 0 && results[i].err == nil {
			results[i].err = err
		}
	}
	return results, err
}

// batchRequest sends as many of the operations as one request can have, and
// returns how many.
func (k *kind[T]) batchRequest(ctx context.Context, c *Client, url string, ops []op[T], results []result[T], force bool) (int, error) {
	var entries []byte
	var sender *wire.Sender
	groups := ""
	n, sent := 0, 0
	for n < len(ops) && sent < maxOps && len(entries) < maxBatch { // LIB-27
		if any(ops[n].item) == any(k.none) {
			results[n].err = contacts.Errorf(contacts.Invalid, "", "An operation of the batch has no entry")
			n++
			continue
		}
		e := k.entry(ops[n].item)
		known := e
		if ops[n].op == OpInsert {
			known = &Entry{} // what it was elsewhere does not count
		}
		if g := c.groups(known); sender == nil || g != groups {
			sender, groups = wire.NewSender(k.wire, c.version, g), g
		}
		about := wire.Sent{ID: known.IDURL, ETag: known.ETag, BatchID: strconv.Itoa(n), Operation: string(ops[n].op)}
		item := ops[n].item
		switch ops[n].op {
		case OpInsert:
		case OpUpdate:
			about.Edit = e.Edit
		case OpDelete:
			item, about.Edit = k.none, e.Edit
		case OpGet:
			item, about.ID = k.none, cmp.Or(e.IDURL, e.Self)
		default:
			return n, contacts.Errorf(contacts.Invalid, "", "A batch has no operation %.40q", ops[n].op)
		}
		b, err := k.append(sender, entries, item, about)
		if entries = b; err != nil {
			results[n].err = err
		} else {
			sent++
		}
		n++
	}
	if sent == 0 {
		return n, nil
	}
	rq := &request{method: http.MethodPost, url: url, header: http.Header{}, contentType: atomType, body: wire.AppendBatch(nil, entries)}
	if force {
		rq.header.Set("If-Match", "*") // LIB-19
	}
	a, err := c.do(ctx, rq)
	if err != nil {
		return n, err
	}
	f, err := wire.ReadFeed(a.body, k.wire)
	if err != nil {
		return n, unreadable(rq, a, err)
	}
	return n, k.results(rq, f, ops[:n], results[:n])
}

// results puts the entries of an answer into the places of their operations.
func (k *kind[T]) results(rq *request, f *wire.ReceivedFeed, ops []op[T], results []result[T]) error {
	for i := range f.Entries {
		r := &f.Entries[i]
		if r.Interrupted {
			return fmt.Errorf("client: the server broke off the batch: %s", line(r.Reason))
		}
		n, err := strconv.Atoi(r.BatchID)
		if err != nil || n < 0 || n >= len(results) || results[n].status != 0 || r.Status == 0 {
			return fmt.Errorf("client: %s: the answer to the batch does not fit it", rq.url)
		}
		results[n] = k.result(rq, r, ops[n].op)
	}
	for i := range results {
		if results[i].status == 0 && results[i].err == nil {
			results[i].err = errUnanswered
		}
	}
	return nil
}

func (k *kind[T]) result(rq *request, r *wire.Received, op Op) result[T] {
	res := result[T]{status: r.Status}
	switch {
	case r.Status < 300 && op != OpDelete:
		res.item = k.make(r)
	case r.Status >= 300:
		e := &Error{Method: rq.method, URL: rq.url, Status: r.Status, Kind: kinds[r.Status], Message: line(r.Reason)}
		res.err = e
		if r.Status == http.StatusConflict && op != OpInsert {
			e.Kind = contacts.Stale
			if r.Edit != "" {
				res.err = conflictOf(e, k.make(r))
			}
		}
	}
	return res
}
