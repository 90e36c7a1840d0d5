package gdata

import (
	"net/http"

	"contacts"
	"contacts/book"
	"contacts/reply"
	"contacts/wire"
)

// maxBatch is the most operations in one request (BATCH-2).
const maxBatch = 100

// batch serves POST to a batch URL: a feed whose entries are operations
// (BATCH-1).
func (h *handler) batch(w http.ResponseWriter, rq *request) error {
	doc, err := rq.readDocument()
	if err != nil {
		return err
	}
	b, err := wire.ParseBatch(doc, rq.kind.wire, maxBatch, rq.groupRef)
	if err != nil {
		return err
	}
	switch {
	case len(b.Ops) > maxBatch:
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "Batch requests are limited to %d operations", maxBatch) // ERR-34
	case len(b.Ops) == 0:
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The batch has no operations") // BATCH-22
	}
	run := &batchRun{rq: rq, batch: b, results: make([]wire.BatchResult, len(b.Ops))}
	run.force = rq.version > 1 && reply.ETags(rq.Header, "If-Match").Any // BATCH-13
	run.errs, err = h.book.Batch(rq.ctx(), rq.at, len(b.Ops), run.do)
	if err != nil {
		return err
	}
	return h.writeBatch(w, rq, run)
}

// A batchRun is a batch under way.
type batchRun struct {
	rq      *request
	batch   *wire.Batch
	force   bool // skip all preconditions
	results []wire.BatchResult
	errs    []error // of the operations that failed
}

// do runs operation i, and makes its answer as far as it succeeds.
func (run *batchRun) do(e *book.Edit, i int) error {
	op, r, k := &run.batch.Ops[i], &run.results[i], run.rq.kind
	*r = wire.BatchResult{ID: op.ID, HasID: op.HasID, Operation: run.batch.OperationOf(op), Code: http.StatusOK, Reason: "Success"} // BATCH-4, BATCH-5
	if err := op.ErrOf(r.Operation); err != nil {
		return err
	}
	var it item
	var err error
	switch r.Operation {
	case wire.OpInsert:
		r.Code, r.Reason = http.StatusCreated, "Created"
		it, err = k.insert(e, op.Entry) // BATCH-18
	case wire.OpUpdate:
		it, err = run.target(op, func(id contacts.ID, m book.Match) (item, error) { return k.update(e, id, op.Entry, m) })
	case wire.OpDelete:
		it, err = run.target(op, func(id contacts.ID, m book.Match) (item, error) { return k.delete(e, id, m) })
		if err == nil {
			r.EntryID, r.Title, r.Content, r.Updated = op.Entry.ID, it.title(), "Deleted", run.rq.now // BATCH-7
			return nil
		}
	case wire.OpQuery:
		href := op.Entry.ID
		if href == "" {
			href = op.SelfLink // BATCH-11
		}
		var ref reference
		if ref, err = run.reference(href); err == nil {
			it, err = k.read(e, ref.id)
		}
	default:
		err = contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "Unknown batch operation") // BATCH-9
	}
	r.Contact, r.Group = it.contact, it.group // BATCH-6
	return err
}

// target does an update or delete of the entry that the operation means
// (BATCH-11), in the state that it expects of it.
func (run *batchRun) target(op *wire.BatchOp, do func(contacts.ID, book.Match) (item, error)) (item, error) {
	href := op.EditLink
	if href == "" {
		href = op.Entry.ID
	}
	ref, err := run.reference(href)
	if err != nil {
		return item{}, err
	}
	m := book.Match{Version: ref.version}
	switch {
	case run.force:
		m.Version = ""
	case run.rq.version > 1 && op.Entry.ETag != "":
		m.ETags = []string{op.Entry.ETag} // BATCH-13
	case m.Version == "":
		m.Missing = run.rq.missing() // BATCH-12, BATCH-13
	}
	return do(ref.id, m)
}

// reference reads the id or link of an entry of the batch's feed.
func (run *batchRun) reference(href string) (reference, error) {
	ref, ok := parseReference(href)
	if !ok || !ref.isOf(run.rq.kind.wire, run.rq.target, run.rq.identity) {
		return ref, contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "Invalid entry Id/Uri") // BATCH-14, RES-29
	}
	return ref, nil
}

// writeBatch answers every operation, in the order of the request (BATCH-3).
func (h *handler) writeBatch(w http.ResponseWriter, rq *request, run *batchRun) error {
	done := h.o.Now()
	interrupted := wire.Interrupted{Updated: done, Parsed: len(run.results)}
	var entries body
	defer entries.release()
	for i := range run.results {
		if run.errs[i] == nil {
			interrupted.Success++
		} else {
			interrupted.Error++
			run.fail(w, i)
		}
		piece := entries.last()
		if i > 0 {
			piece.b = rq.render.AppendSeparator(piece.b)
		}
		piece.b = rq.render.AppendBatchResult(piece.b, &run.results[i])
	}
	if broken := run.batch.Broken; broken != nil { // BATCH-17
		interrupted.Reason = line(broken)
		piece := entries.last()
		if len(run.results) > 0 {
			piece.b = rq.render.AppendSeparator(piece.b)
		}
		piece.b = rq.render.AppendBatchInterrupted(piece.b, &interrupted)
	}
	f := &wire.BatchFeed{Began: rq.now, Updated: done, Title: run.batch.Title} // BATCH-15
	return h.write(w, rq, http.StatusOK, rq.encoder.ContentType(true),
		entries.parts(rq.render.AppendBatchHead(nil, f), rq.render.AppendBatchTail(nil, f))...)
}

// fail makes the answer to operation i, which failed, with the status that a
// request of its own would have had (BATCH-8).
func (run *batchRun) fail(w http.ResponseWriter, i int) {
	op, r, err := &run.batch.Ops[i], &run.results[i], run.errs[i]
	r.Code, r.Reason = reply.Status(err), line(shown(w, err))
	if run.rq.version == 1 && contacts.CodeOf(err) == contacts.CodeConflict && (r.Contact != nil || r.Group != nil) {
		r.Code = http.StatusConflict // BATCH-12: with the entry as it is now
		return
	}
	r.Contact, r.Group = nil, nil
	r.Title, r.Content, r.Updated = "Error", r.Reason, run.rq.now
	if r.EntryID = op.Entry.ID; r.Operation == wire.OpInsert {
		r.EntryID = "" // which stands for the batch URL
	}
}
