package wire

import (
	"cmp"
	"strings"

	"contacts"
)

// The types of operations (BATCH-1).
const (
	OpInsert = "insert"
	OpUpdate = "update"
	OpDelete = "delete"
	OpQuery  = "query"
)

// ianaRel begins the rel of a link in its long form.
const ianaRel = "http://www.iana.org/assignments/relation/"

// A Batch is a batch feed as a client sent it.
type Batch struct {
	Title     string
	Operation string // type of the feed's batch:operation; empty without one (BATCH-9)
	Ops       []BatchOp

	// Broken says why the document breaks off after Ops; nil if it is whole
	// (BATCH-17).
	Broken *contacts.Error
}

// A BatchOp is one entry of a batch.
type BatchOp struct {
	ID        string // of batch:id, unchanged (BATCH-4)
	HasID     bool
	Operation string // type of batch:operation; empty without one (BATCH-9)

	// Entry is never nil. It has a contact or group if the whole entry has the
	// right form; without, it still has ID, ETag and title as sent.
	Entry *Entry

	EditLink, SelfLink string // href of the first of each; empty without one (BATCH-11)

	// Err is why this operation fails while the others do not: the entry is
	// well-formed XML, but of another kind, names its operation twice, or lacks
	// the form of an entry. Paths begin below the entry, as those of
	// ParseContact. See ErrOf.
	Err error

	fault error // the part of Err that counts for every type of operation
}

// ErrOf is Err as far as it concerns an operation of the type. A delete or
// query only says which entry it means, so that the form of all else does not
// matter.
func (op *BatchOp) ErrOf(operation string) error {
	if operation == OpDelete || operation == OpQuery {
		return op.fault
	}
	return op.Err
}

// OperationOf is the type of an operation of b: its own, else that of the feed,
// else insert. It may be none that exists.
func (b *Batch) OperationOf(op *BatchOp) string {
	switch {
	case op.Operation != "":
		return op.Operation
	case b.Operation != "":
		return b.Operation // BATCH-9
	}
	return OpInsert // BATCH-9
}

// ParseBatch reads a feed of operations on entries of one kind. It stops after
// most+1 of them, so that the caller can refuse more than most. ref is as in
// ParseContact, except that its error fails one operation.
//
// A document that breaks off is read as far as its last whole entry, and fails
// if there is none. It also fails if its root is no feed, and if the feed names
// two operations. These errors, too, have kind Invalid.
func ParseBatch(doc []byte, k Kind, most int, ref func(href string) (contacts.ID, error)) (*Batch, error) {
	p := parsers.Get().(*parser)
	defer p.free()
	p.ref = ref
	p.startPart(doc)
	b := &Batch{}
	if err := p.batch(b, k, most); err != nil {
		return nil, err
	}
	if p.err != nil {
		if len(b.Ops) == 0 {
			return nil, p.err // BATCH-17
		}
		b.Broken = p.err // BATCH-17
	}
	return b, nil
}

// batch reads a document whose root is a feed, or its beginning up to one entry
// more than most. Where the XML breaks off, it leaves the reason in p.err.
func (p *parser) batch(b *Batch, k Kind, most int) error {
	if p.next() != tokStart {
		return nil
	}
	if p.name.ns != nsAtom || p.name.local != "feed" {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not an Atom feed") // WRT-4
	}
	hasTitle := false
	for len(b.Ops) <= most {
		switch p.next() {
		case tokError:
			return nil
		case tokEnd:
			p.next() // nothing may follow
			return nil
		case tokText:
			continue
		}
		switch {
		case p.name.ns == nsAtom && p.name.local == "entry":
			p.operation(b, k)
		case p.name.ns == nsAtom && p.name.local == "title" && !hasTitle:
			hasTitle = true
			b.Title = p.feedTitle()
		case p.name.ns == nsBatch && p.name.local == "operation":
			if b.Operation != "" {
				return contacts.Errorf(contacts.Invalid, contacts.CodeNotRepeatable, "The feed has more than one batch:operation")
			}
			b.Operation = trim(p.value("type"))
			p.skip()
		default:
			p.skip()
		}
	}
	return nil
}

// feedTitle reads the title whose start tag was read last, as plain text.
func (p *parser) feedTitle() string {
	kind := strings.ToLower(p.value("type"))
	text, _ := p.simpleText() // after an error there is no feed to give a title to
	if kind == "html" || kind == "text/html" {
		return htmlText(text)
	}
	return text
}

// operation adds the entry whose start tag was read last to b, unless the
// document breaks off in it.
func (p *parser) operation(b *Batch, k Kind) {
	n := len(b.Ops)
	b.Ops = append(b.Ops, BatchOp{Entry: newEntry(k)})
	op := &b.Ops[n]
	start := p.bookmark()
	p.extra = 0
	if n > 0 {
		p.blobs -= contacts.MaxExtraBytes // each entry may swell a little
	}
	p.op = op
	err := p.entryInto(op.Entry)
	p.op = nil
	if p.err == nil && (err != nil || op.fault != nil) {
		*op = BatchOp{Entry: &Entry{}, Err: err}
		p.back(start)
		p.envelope(op, k)
		op.Err = cmp.Or(op.fault, op.Err)
	}
	if p.err != nil {
		b.Ops = b.Ops[:n] // BATCH-17
	}
}

// envelope reads what the entry that begins next says about its operation, and
// passes over all else, whatever its form.
func (p *parser) envelope(op *BatchOp, k Kind) {
	p.next()
	e := op.Entry
	for i := range p.attrs {
		if a := &p.attrs[i]; a.ns == nsGD && a.local == "etag" {
			e.ETag = a.value
		}
	}
	for {
		switch p.next() {
		case tokError, tokEnd:
			return
		case tokText:
			continue
		}
		switch {
		case p.name.ns == nsAtom && p.name.local == "id":
			e.ID, _ = p.simpleText()
		case p.name.ns == nsAtom && p.name.local == "title" && !e.HasTitle:
			e.HasTitle = true
			e.Title, _ = p.simpleText()
		case p.name.ns == nsAtom && p.name.local == "category" && p.value("scheme") == kindScheme:
			if err := k.check(p.value("term")); err != nil { // BATCH-10
				op.fail(err) // BATCH-19
			}
			p.skip()
		default:
			op.read(p)
		}
	}
}

// fail records the first error that counts for every type of operation.
func (op *BatchOp) fail(err error) {
	if op.fault == nil {
		op.fault = err
	}
}

// read reads a child of the entry that a client cannot set, but which may say
// something about the operation.
func (op *BatchOp) read(p *parser) error {
	switch {
	case p.name.ns == nsAtom && p.name.local == "link":
		href := strings.Trim(p.value("href"), blanks)
		switch p.value("rel") {
		case "edit", ianaRel + "edit":
			if op.EditLink == "" {
				op.EditLink = href // BATCH-11
			}
		case "self", ianaRel + "self":
			if op.SelfLink == "" {
				op.SelfLink = href // BATCH-11
			}
		}
	case p.name.ns == nsBatch && p.name.local == "id":
		if op.HasID {
			op.fail(repeated("batch:id"))
			break
		}
		var err error
		op.HasID = true
		op.ID, err = p.rawText() // BATCH-4
		return err
	case p.name.ns == nsBatch && p.name.local == "operation":
		if op.Operation != "" {
			op.fail(repeated("batch:operation"))
			break
		}
		op.Operation = trim(p.value("type")) // BATCH-1
	}
	return p.skip()
}
