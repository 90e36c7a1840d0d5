package wire

import (
	"strconv"
	"strings"
	"time"

	"contacts"
)

// A Received is an entry as a client received it: besides the contact or group
// what the server says of it, and of the operation in the answer to a batch.
type Received struct {
	Entry
	Updated, Edited time.Time // zero without one
	Deleted         bool

	// The href of the links; empty without one.
	Self, Edit, EditPhoto, Photo string
	PhotoETag                    string // of the link to the photo, with its quotes

	// In the answer to a batch.
	BatchID     string
	HasBatchID  bool
	Status      int // of batch:status; 0 without one
	Reason      string
	Interrupted bool // batch:interrupted: the operations that are left were not begun

	at      int   // where the child being read begins; negative if it must be what it should be
	foreign []int // where children begin that lack the form of the schema
}

// A ReceivedFeed is a feed as a client received it.
type ReceivedFeed struct {
	ID      string
	ETag    string // with its quotes; empty in version 1
	Title   string
	Updated time.Time
	Next    string // href of the link to the next page; empty on the last

	Total, Start, PerPage int // 0 where the server does not say

	Entries []Received
}

// maxReceivedExtra is to a client what MaxExtraBytes is to a server: it must be
// able to read what another server took.
const maxReceivedExtra = 16 << 20

// maxForeign is the most children of one entry that may lack the form of the
// schema.
const maxForeign = 100

// profileTerm is the kind of a domain's profiles, which have the elements of
// contacts.
const profileTerm = contactNS + "#profile"

// ReadEntry reads an entry that a server sent, as a document of its own. The
// entry of a photo reads as a contact without data.
//
// It takes what ParseContact refuses: a child that lacks the form of the schema
// is kept as XML outside of it, to be sent back as it came. Memberships have
// the last segment of their href; one that is no ID is kept as XML, too. Those
// that have ended are Removed at the time of the entry.
//
// The contact of versions 1 and 2 has no name; the title is the name there.
func ReadEntry(doc []byte, k Kind) (*Received, error) {
	p := newParser(doc, lastSegmentID)
	defer p.free()
	if p.next() != tokStart {
		return nil, p.err
	}
	if p.name.ns != nsAtom || p.name.local != "entry" {
		return nil, contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not an Atom entry")
	}
	r := &Received{}
	if err := p.received(r, k); err != nil {
		return nil, err
	}
	if p.next() == tokError {
		return nil, p.err
	}
	return r, nil
}

// ReadFeed reads a page of a feed, or the answer to a batch; see ReadEntry.
func ReadFeed(doc []byte, k Kind) (*ReceivedFeed, error) {
	p := newParser(doc, lastSegmentID)
	defer p.free()
	if p.next() != tokStart {
		return nil, p.err
	}
	if p.name.ns != nsAtom || p.name.local != "feed" {
		return nil, contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not an Atom feed")
	}
	f := &ReceivedFeed{}
	for i := range p.attrs {
		if a := &p.attrs[i]; a.ns == nsGD && a.local == "etag" {
			f.ETag = a.value
		}
	}
	for {
		switch p.next() {
		case tokError:
			return nil, p.err
		case tokEnd:
			if p.next() == tokError {
				return nil, p.err
			}
			return f, nil
		case tokText:
			continue
		}
		if err := f.read(p, k); err != nil {
			return nil, err
		}
	}
}

// read reads the child of the feed whose start tag was read last.
func (f *ReceivedFeed) read(p *parser, k Kind) (err error) {
	switch n := &p.name; {
	case n.is(nsAtom, "entry"):
		p.count = 0 // the limits are those of an entry
		f.Entries = append(f.Entries, Received{})
		r := &f.Entries[len(f.Entries)-1]
		if err := p.received(r, k); err != nil {
			return err
		}
		r.detach()
	case n.is(nsAtom, "id"):
		f.ID, err = p.simpleText()
	case n.is(nsAtom, "title"):
		f.Title = p.feedTitle()
	case n.is(nsAtom, "updated"):
		f.Updated, err = p.time()
	case n.is(nsAtom, "link"):
		if rel := p.value("rel"); rel == "next" || rel == ianaRel+"next" {
			f.Next = trim(p.value("href"))
		}
		err = p.skip()
	case n.ns == nsOpenSearch || n.ns == nsOpenSearchRSS:
		local := n.local
		var text string
		if text, err = p.simpleText(); err != nil {
			return err
		}
		number, _ := strconv.Atoi(text)
		switch local {
		case "totalResults":
			f.Total = number
		case "startIndex":
			f.Start = number
		case "itemsPerPage":
			f.PerPage = number
		}
	default:
		err = p.skip()
	}
	if p.err != nil {
		return p.err
	}
	return err
}

// received reads the entry whose start tag was read last into r.
func (p *parser) received(r *Received, k Kind) error {
	start := p.bookmark()
	var foreign []int
	defer func() { p.got = nil }()
	for {
		*r = Received{Entry: *newEntry(k), foreign: foreign, at: -1}
		p.got, p.extra = r, 0
		err := p.entryInto(&r.Entry)
		if err == nil {
			r.finish()
			return nil
		}
		if p.err != nil || r.at < 0 || len(foreign) >= maxForeign {
			return err
		}
		foreign = append(foreign, r.at)
		p.back(start)
		p.rooted = len(p.open) > 0
		p.next()
	}
}

// finish gives the contact or group what its envelope says.
func (r *Received) finish() {
	rev := contacts.RevAt(r.Updated)
	if r.Updated.IsZero() {
		rev = 0
	}
	id, _ := lastSegmentID(r.ID)
	if g := r.Group; g != nil {
		g.ID, g.Rev, g.Deleted = id, rev, r.Deleted
		return
	}
	c := r.Contact
	c.ID, c.Rev, c.Deleted = id, rev, r.Deleted
	for i := range c.Memberships {
		if c.Memberships[i].Removed != 0 {
			c.Memberships[i].Removed = max(rev, 1)
		}
	}
}

// isForeign reports whether the child that begins at the position is not read
// as the schema has it.
func (r *Received) isForeign(at int) bool {
	for _, f := range r.foreign {
		if f == at {
			return true
		}
	}
	return false
}

// read reads a child of the entry that a client cannot set.
func (r *Received) read(p *parser) (err error) {
	switch n := &p.name; {
	case n.is(nsAtom, "link"):
		r.link(p)
	case n.is(nsAtom, "updated"):
		r.Updated, err = p.time()
		return err
	case n.local == "edited" && (n.ns == nsApp || n.ns == nsAppOld || n.ns == nsAppOldPlain):
		r.Edited, err = p.time()
		return err
	case n.is(nsGD, "deleted"):
		r.Deleted = true
	case n.is(nsContact, "systemGroup") && r.Group != nil:
		r.Group.System = p.value("id")
	case n.is(nsBatch, "id"):
		r.HasBatchID = true
		r.BatchID, err = p.rawText()
		return err
	case n.is(nsBatch, "status"):
		r.Status, _ = strconv.Atoi(p.value("code"))
		r.Reason = p.value("reason")
	case n.is(nsBatch, "interrupted"):
		r.Interrupted = true
		r.Reason = p.value("reason")
	}
	return p.skip()
}

func (r *Received) link(p *parser) {
	href := trim(p.value("href"))
	switch strings.TrimPrefix(p.value("rel"), ianaRel) {
	case "self":
		r.Self = href
	case "edit":
		r.Edit = href
	case photoRel + "edit-photo":
		r.EditPhoto = href
	case photoRel + "photo":
		r.Photo = href
		for i := range p.attrs {
			if a := &p.attrs[i]; a.ns == nsGD && a.local == "etag" {
				r.PhotoETag = a.value
			}
		}
	}
}

// time reads the text of an element as a time; what is none is the zero time.
func (p *parser) time() (time.Time, error) {
	text, err := p.simpleText()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, nil
	}
	return t.UTC(), nil
}

// lastSegmentID is the ID at the end of a URL.
func lastSegmentID(href string) (contacts.ID, error) {
	id, ok := contacts.ParseID(href[strings.LastIndexByte(href, '/')+1:])
	if !ok {
		return 0, contacts.Errorf(contacts.Invalid, contacts.CodeAttributeValue, "Not the URL of a group: %.100q", href)
	}
	return id, nil
}

// ReadErrors reads the error document of versions 2 and 3. The kinds of the
// errors are empty, because they follow from the status. It fails if the
// document is another one, or has no error.
func ReadErrors(doc []byte) ([]*contacts.Error, error) {
	p := newParser(doc, nil)
	defer p.free()
	if p.next() != tokStart {
		return nil, p.err
	}
	if p.name.ns != nsGD || p.name.local != "errors" {
		return nil, contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not one of errors")
	}
	var errs []*contacts.Error
	for depth := 1; depth > 0; {
		switch p.next() {
		case tokError:
			return nil, p.err
		case tokEnd:
			depth--
		case tokStart:
			var e *contacts.Error
			if len(errs) > 0 {
				e = errs[len(errs)-1]
			}
			switch {
			case depth == 1 && p.name.local == "error":
				errs = append(errs, &contacts.Error{})
				depth++
				continue
			case depth == 2 && p.name.local == "code":
				text, _ := p.simpleText()
				e.Code = contacts.Code(text)
			case depth == 2 && p.name.local == "location":
				text, _ := p.simpleText()
				e.Path = strings.TrimPrefix(text, "/entry/")
			case depth == 2 && p.name.local == "internalReason":
				e.Reason, _ = p.simpleText()
			default:
				p.skip()
			}
		}
	}
	if len(errs) == 0 {
		return nil, contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document has no error")
	}
	return errs, nil
}
