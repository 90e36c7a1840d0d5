package wire

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"contacts"
)

const feedOpen = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008' " +
	"xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:x='urn:x'>"

func batchDoc(body string) []byte { return []byte(feedOpen + body + "</feed>") }

func parseBatch(t testing.TB, doc []byte) *Batch {
	t.Helper()
	b, err := ParseBatch(doc, ContactKind, 100, groupOf)
	if err != nil {
		t.Fatalf("ParseBatch: %v\n%s", err, doc)
	}
	return b
}

// onlyOp is the operation of a batch whose only entry has the body.
func onlyOp(t testing.TB, body string) *BatchOp {
	t.Helper()
	b := parseBatch(t, batchDoc("<entry>"+body+"</entry>"))
	if len(b.Ops) != 1 || b.Broken != nil {
		t.Fatalf("%d operations, broken %v: %s", len(b.Ops), b.Broken, body)
	}
	return &b.Ops[0]
}

func ids(b *Batch) string {
	var ids []string
	for _, op := range b.Ops {
		ids = append(ids, op.ID)
	}
	return strings.Join(ids, " ")
}

func TestParseBatch(t *testing.T) {
	t.Run("BATCH-1 BATCH-4 BATCH-10 the example", func(t *testing.T) {
		b := parseBatch(t, []byte(example(t, "batch-request.xml")))
		equal(t, b.Title, "My batch")
		if len(b.Ops) != 2 || b.Broken != nil || b.Operation != "" {
			t.Fatalf("%+v", b)
		}
		op := &b.Ops[0]
		if op.ID != "1" || !op.HasID || op.Operation != OpInsert || op.ErrOf(OpInsert) != nil {
			t.Errorf("%+v", op)
		}
		equalContacts(t, op.Entry.Contact, &contacts.Contact{Name: contacts.Name{Full: "Jane Bennet"},
			Emails: []contacts.Email{{Rel: "home", Address: "jane@example.com", Primary: true}}})
		op = &b.Ops[1]
		if op.ID != "2" || op.Operation != OpDelete || op.ErrOf(OpDelete) != nil || op.Entry.ID != "foobar" {
			t.Errorf("%+v, %+v", op, op.Entry)
		}
	})
	t.Run("BATCH-1 XML-7 ELEM-27 entries are read as alone", func(t *testing.T) {
		encoder := NewEncoder(user(3, ContactKind))
		for seed := range uint64(rounds / 20) {
			m := maker{rand.New(rand.NewPCG(seed, 20))}
			cs, _ := randomEntries(m, user(3, ContactKind), 20)
			var entries []byte
			for _, c := range cs {
				entries = encoder.AppendContact(entries, c)
			}
			b := parseBatch(t, batchDoc(string(entries)))
			if len(b.Ops) != len(cs) {
				t.Fatalf("seed %d: %d operations of %d", seed, len(b.Ops), len(cs))
			}
			for i, c := range cs {
				alone := parse(t, string(encoder.AppendContactDocument(nil, c)))
				if op := &b.Ops[i]; op.ErrOf(OpInsert) != nil || !reflect.DeepEqual(op.Entry, alone) || op.EditLink != encoder.EditURL(c.ID, c.Rev) {
					t.Fatalf("seed %d, entry %d: %+v\ngot  %+v %+v\nwant %+v %+v", seed, i, op, op.Entry, op.Entry.Contact, alone, alone.Contact)
				}
			}
		}
	})
	t.Run("BATCH-19 ELEM-102 groups", func(t *testing.T) {
		b, err := ParseBatch(batchDoc("<entry><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/g/2005#group'/><title>Sisters</title></entry>"+
			"<entry><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/><title>Jane</title></entry>"), GroupKind, 100, nil)
		if err != nil || len(b.Ops) != 2 {
			t.Fatal(b, err)
		}
		if e := b.Ops[0].Entry; b.Ops[0].ErrOf(OpInsert) != nil || e.Group == nil || e.Group.Name != "Sisters" || e.Contact != nil {
			t.Errorf("%+v", b.Ops[0])
		}
		if op := &b.Ops[1]; contacts.KindOf(op.ErrOf(OpInsert)) != contacts.Invalid || op.Entry.Group != nil {
			t.Errorf("a contact among groups: %+v", op)
		}
	})
	t.Run("BATCH-4 batch:id is unchanged, and need not be there", func(t *testing.T) {
		for body, want := range map[string]string{
			"<batch:id> 1\n</batch:id>": " 1\n", "<batch:id/>": "", "<batch:id>a&#13;<![CDATA[<]]></batch:id>": "a\r<",
			"<b:id xmlns:b='http://schemas.google.com/gdata/batch'>é</b:id>": "é",
		} {
			if op := onlyOp(t, body); !op.HasID || op.ID != want || op.ErrOf(OpInsert) != nil {
				t.Errorf("%s: %+v", body, op)
			}
		}
		if op := onlyOp(t, "<id>1</id><x:id>2</x:id>"); op.HasID || op.ID != "" {
			t.Errorf("%+v", op)
		}
		equal(t, ids(parseBatch(t, batchDoc(strings.Repeat("<entry><batch:id>same</batch:id></entry>", 2)))), "same same")
	})
	t.Run("BATCH-9 the operation of the feed, else insert", func(t *testing.T) {
		entries := "<entry><batch:operation type='query'/></entry><entry><batch:operation/></entry><entry><batch:operation type=' move '/></entry><entry/>"
		feed := "<batch:operation type='delete'><x:y/></batch:operation>"
		for body, want := range map[string]string{
			entries: "query insert move insert", feed + entries: "query delete move delete", entries + feed: "query delete move delete",
			"<batch:operation/>" + entries: "query insert move insert",
		} {
			b := parseBatch(t, batchDoc(body))
			var got []string
			for i := range b.Ops {
				got = append(got, b.OperationOf(&b.Ops[i]))
			}
			equal(t, strings.Join(got, " "), want)
		}
	})
	t.Run("BATCH-11 links", func(t *testing.T) {
		const iana = "http://www.iana.org/assignments/relation/"
		for body, want := range map[string][2]string{
			"<link rel='edit' href='e'/><link rel='self' href='s'/>":                                    {"e", "s"},
			"<link rel='" + iana + "edit' href=' e\n'/><link rel='" + iana + "self' href='s'/>":         {"e", "s"},
			"<link href='a'/><link rel='edit-photo' href='p'/><x:link rel='edit' href='x'/>":            {"", ""},
			"<link rel='edit'/><link rel='edit' href='first'/><link rel='edit' href='second'/>":         {"first", ""},
			"<gd:email label='l' address='a'><link rel='edit' href='inner'/></gd:email><link rel='x'/>": {"", ""},
		} {
			if op := onlyOp(t, body); op.EditLink != want[0] || op.SelfLink != want[1] || op.ErrOf(OpInsert) != nil {
				t.Errorf("%s: %+v", body, op)
			}
		}
	})
	t.Run("XML-1 XML-3 XML-6 what else a feed has is passed over", func(t *testing.T) {
		b := parseBatch(t, []byte("<?xml version='1.0'?><!-- c --><a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' gd:etag='1'>"+
			"text<entry><a:id>not of Atom</a:id></entry><a:link rel='edit'/><a:author><a:entry/></a:author><a:entry><a:id> 1 </a:id></a:entry>"+
			"<a:title type='html'>\n&lt;b>My&lt;/b> <a:x>batch</a:x></a:title><a:title>2</a:title><a:entry/></a:feed><?p?>\n"))
		if b.Title != "My batch" || len(b.Ops) != 2 || b.Ops[0].Entry.ID != "1" || b.Broken != nil {
			t.Errorf("%+v", b)
		}
	})
	t.Run("a batch without operations", func(t *testing.T) {
		if b := parseBatch(t, []byte("<feed xmlns='http://www.w3.org/2005/Atom'/>")); len(b.Ops) != 0 || b.Broken != nil {
			t.Errorf("%+v", b)
		}
	})
	t.Run("one operation more than the most is read, and nothing after it", func(t *testing.T) {
		for n, want := range []int{0, 1, 2, 3, 3, 3} {
			b, err := ParseBatch(batchDoc(strings.Repeat("<entry/>", n)), ContactKind, 2, groupOf)
			if err != nil || len(b.Ops) != want {
				t.Errorf("%d entries: %d operations, %v", n, len(b.Ops), err)
			}
		}
		b, err := ParseBatch(batchDoc(strings.Repeat("<entry/>", 3)+"<broken"), ContactKind, 2, groupOf)
		if err != nil || len(b.Ops) != 3 || b.Broken != nil {
			t.Errorf("%+v, %v", b, err)
		}
	})
	t.Run("WRT-4 the root must be a feed", func(t *testing.T) {
		for _, doc := range []string{"<feed/>", entry(""), "<x:feed xmlns:x='urn:x'/>"} {
			if _, err := ParseBatch([]byte(doc), ContactKind, 100, groupOf); contacts.CodeOf(err) != contacts.CodeInvalidEntry {
				t.Errorf("%s: %v", doc, err)
			}
		}
	})
	t.Run("two operations of a feed", func(t *testing.T) {
		doc := batchDoc("<batch:operation type='insert'/><entry/><batch:operation type='delete'/>")
		if _, err := ParseBatch(doc, ContactKind, 100, groupOf); contacts.CodeOf(err) != contacts.CodeNotRepeatable {
			t.Error(err)
		}
	})
}

func TestBatchFaults(t *testing.T) {
	kind := func(term string) string {
		return "<category scheme='http://schemas.google.com/g/2005#kind' term='" + term + "'/>"
	}
	// after is what must be found after the fault.
	const after = "<gd:name><gd:fullName/><id>inner</id></gd:name><id> urn:1 </id><link rel='self' href='s'/><batch:id>7</batch:id><title>Mary</title>" +
		"<link rel='edit' href='e'/>"
	big := "<x:a>" + strings.Repeat("x", contacts.MaxExtraBytes) + "</x:a>"
	for _, test := range []struct {
		fault, reason string // no reason: it is none
		always        bool   // for a delete too
	}{
		{"<gd:email label='a' primary='true'><x:y><x:z/></x:y></gd:email>", "gd:email[1]/@address", false},
		{"<gContact:nickname>a</gContact:nickname><gContact:nickname>b</gContact:nickname>", "gContact:nickname may occur only once", false},
		{"<gContact:event label='a'/>", "gContact:event[1]/gd:when", false},
		{"<gd:phoneNumber label='a' primary='maybe'>1</gd:phoneNumber>", "Neither true nor false", false},
		{"<gContact:groupMembershipInfo href='none'/>", "No group none", false},
		{"<title>a</title><title>b</title>", "atom:title may occur only once", false},
		{big, "65536 bytes", false},
		{"<gd:extendedProperty/>" + kind("http://schemas.google.com/contact/2008#group"), "Not the kind", true},
		{kind("http://schemas.google.com/contact/2008#group"), "Not the kind", true},
		{kind("http://schemas.google.com/contact/2008#group") + kind("urn:other"), "#group", true},
		{"<batch:id>7</batch:id>", "batch:id may occur only once", true},
		{"<batch:operation type='delete'/><batch:operation type='insert'/>", "batch:operation may occur only once", true},
		{kind("http://schemas.google.com/g/2008#contact") + kind("http://schemas.google.com/g/2005#contact"), "", true},
	} {
		for _, op := range []string{OpInsert, OpUpdate, OpDelete, OpQuery, "move"} {
			t.Run(fmt.Sprintf("BATCH-9 BATCH-10 BATCH-19 %s fails alone, %.30s", op, test.fault), func(t *testing.T) {
				b := parseBatch(t, batchDoc("<entry><batch:id>a</batch:id></entry><entry gd:etag='&quot;t&quot;'>"+test.fault+after+"</entry>"+
					"<entry><batch:id>z</batch:id><gContact:hobby>whist</gContact:hobby></entry><batch:operation type='"+op+"'/>"))
				if len(b.Ops) != 3 || b.Broken != nil || b.Ops[0].ErrOf(op) != nil || b.Ops[2].ErrOf(op) != nil {
					t.Fatalf("%+v", b)
				}
				equal(t, ids(b), "a 7 z")
				equal(t, b.Ops[2].Entry.Contact.Hobbies[0], "whist")
				got := &b.Ops[1]
				e, err := got.Entry, got.ErrOf(b.OperationOf(got))
				title := "Mary"
				if strings.HasPrefix(test.fault, "<title") {
					title = "a"
				}
				if e.ID != "urn:1" || e.ETag != `"t"` || e.Title != title || !e.HasTitle || got.EditLink != "e" || got.SelfLink != "s" || !got.HasID {
					t.Errorf("%+v, %+v", got, e)
				}
				switch {
				case test.reason == "":
					if err != nil || e.Contact == nil {
						t.Errorf("%v, %+v", err, e)
					}
				case !test.always && (op == OpDelete || op == OpQuery):
					if err != nil || e.Contact != nil {
						t.Errorf("%v, %+v", err, e)
					}
				default:
					if contacts.KindOf(err) != contacts.Invalid || !strings.Contains(err.Error(), test.reason) || e.Contact != nil {
						t.Errorf("%v, %+v", err, e)
					}
				}
			})
		}
	}
	t.Run("BATCH-8 the error of an operation is that of the entry alone", func(t *testing.T) {
		for _, body := range []string{"<gd:email label='a'/>", "<gd:im label='a' address='b'/><gd:im rel='c'/>", "<title/><title/>", "<gContact:groupMembershipInfo/>"} {
			_, want := ParseContact([]byte(entry(body)), groupOf)
			if got := onlyOp(t, body).ErrOf(OpInsert); want == nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", body, got, want)
			}
		}
	})
	t.Run("an error of ref is passed through", func(t *testing.T) {
		own := errors.New("own")
		b, err := ParseBatch(batchDoc("<entry><gContact:groupMembershipInfo href='1'/></entry><entry/>"), ContactKind, 9, func(string) (contacts.ID, error) { return 0, own })
		if err != nil || len(b.Ops) != 2 || b.Ops[0].ErrOf(OpInsert) != own || b.Ops[1].ErrOf(OpInsert) != nil {
			t.Errorf("%+v, %v", b, err)
		}
	})
	t.Run("XML-7 each entry may have 64 KiB outside the schema, alone and in all", func(t *testing.T) {
		most := strings.Repeat("x", contacts.MaxExtraBytes-100)
		b := parseBatch(t, batchDoc(strings.Repeat("<entry><x:a>"+most+"</x:a></entry>", 20)))
		for i := range b.Ops {
			op := &b.Ops[i]
			if op.ErrOf(OpInsert) != nil || len(op.Entry.Contact.Extra) != 1 {
				t.Fatal(op.ErrOf(OpInsert))
			}
		}
	})
	t.Run("SEC-10 declarations that repeat do not swell a batch", func(t *testing.T) {
		blob := "<gd:extendedProperty name='a'>" + strings.Repeat("<x:a/>", 200) + "</gd:extendedProperty>"
		doc := "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:x='urn:" + strings.Repeat("x", 10000) + "'>" +
			strings.Repeat("<entry>"+blob+"</entry>", 50) + "<entry><gd:extendedProperty name='a'><x:a/></gd:extendedProperty></entry></feed>"
		b := parseBatch(t, []byte(doc))
		size, failed := 0, 0
		for i := range b.Ops[:50] {
			op := &b.Ops[i]
			if op.ErrOf(OpInsert) != nil {
				failed++
				continue
			}
			for _, p := range op.Entry.Contact.Properties {
				size += len(p.XML)
			}
		}
		if most := 2*len(doc) + 51*contacts.MaxExtraBytes; size > most || failed == 0 {
			t.Errorf("%d bytes of %d, %d entries failed", size, len(doc), failed)
		}
		if err := b.Ops[50].ErrOf(OpInsert); err != nil {
			t.Errorf("the others fail with them: %v", err)
		}
	})
}

func TestBatchBroken(t *testing.T) {
	t.Run("BATCH-17 a batch that is cut off anywhere has its whole entries", func(t *testing.T) {
		entries := []string{"<entry><batch:id>1</batch:id><title>Jane</title></entry>", "\n<entry gd:etag='a'/>", "<!-- c --><entry><gd:email/><gd:email label='a'/><x:y/></entry>"}
		open := feedOpen + "<title>Sisters</title>"
		doc := open + strings.Join(entries, "") + "</feed>"
		for n := range len(doc) {
			want, end := 0, len(open)
			for _, e := range entries {
				if end += len(e); end <= n {
					want++
				}
			}
			b, err := ParseBatch([]byte(doc[:n]), ContactKind, 100, groupOf)
			var e *contacts.Error
			if want == 0 {
				if b != nil || !errors.As(err, &e) || e.Code != contacts.CodeParse {
					t.Fatalf("%d bytes: %+v, %v", n, b, err)
				}
				continue
			}
			if err != nil || len(b.Ops) != want || b.Broken == nil || b.Broken.Code != contacts.CodeParse {
				t.Fatalf("%d bytes: %d operations, want %d, %v", n, len(b.Ops), want, err)
			}
			has(t, b.Broken.Reason, "Malformed XML at line ")
		}
	})
	for _, test := range []struct {
		name, doc, reason string
		want              int
	}{
		{"an end tag of another element", feedOpen + "<entry/><entry><title></entry></feed>", "title is not closed", 1},
		{"more than one root", feedOpen + "<entry/></feed><feed/>", "second root", 1},
		{"text after the root", feedOpen + "<entry/><entry/></feed>x", "outside the root", 2},
		{"a document type after entries", feedOpen + "<entry/><!DOCTYPE a></feed>", "document type", 1},
		{"a character that XML does not allow", feedOpen + "<entry/><entry>\x01</entry><entry/></feed>", "does not allow", 1},
		{"bytes that are not UTF-8", feedOpen + "<entry/><title>\xFF</title><entry/></feed>", "UTF-8", 1},
		{"a character after the root", feedOpen + "<entry/></feed>\n\x00", "does not allow", 1},
		{"too deep", feedOpen + "<entry/><entry>" + strings.Repeat("<x:a>", 100) + strings.Repeat("</x:a>", 100) + "</entry></feed>", "deeper", 1},
		{"too deep after a fault", feedOpen + "<entry/><entry><gd:email label='a'/>" + strings.Repeat("<x:a>", 100) + strings.Repeat("</x:a>", 100) + "</entry></feed>", "deeper", 1},
		{"too many elements", feedOpen + "<entry/><entry><x:a>" + strings.Repeat("<x:b/>", maxElements) + "</x:a></entry></feed>", "more than 100000 elements", 1},
		{"an undeclared prefix after a fault", feedOpen + "<entry/><entry><title/><title/><y:a/></entry></feed>", "undeclared prefix y", 1},
		{"UTF-16 with half a character", utf16Doc(feedOpen+"<entry/><entry/></feed>") + "x", "odd number", 2},
		{"UTF-16 with half a pair", utf16Doc(feedOpen+"<entry/><entry>") + "\x00\xD8<\x00", "invalid UTF-16", 1},
	} {
		t.Run("BATCH-17 XML-4 XML-5 XML-9 SEC-10 "+test.name, func(t *testing.T) {
			b := parseBatch(t, []byte(test.doc))
			if len(b.Ops) != test.want || b.Broken == nil {
				t.Fatalf("%d operations, broken %v", len(b.Ops), b.Broken)
			}
			has(t, b.Broken.Reason, test.reason)
		})
	}
	t.Run("BATCH-17 XML-4 without an operation the request fails", func(t *testing.T) {
		for _, doc := range []string{"", "<!DOCTYPE feed>" + feedOpen + "<entry/></feed>", feedOpen, feedOpen + "<entry>", feedOpen + "<title>\x01</title><entry/></feed>",
			feedOpen + "</feed", "<?xml version='2.0'?>" + feedOpen + "<entry/></feed>", feedOpen + "</feed><x/>"} {
			if _, err := ParseBatch([]byte(doc), ContactKind, 100, groupOf); contacts.CodeOf(err) != contacts.CodeParse {
				t.Errorf("%s: %v", doc, err)
			}
		}
	})
}

// utf16Doc is s, which is ASCII, in UTF-16 with a mark.
func utf16Doc(s string) string {
	b := []byte("\xFF\xFE")
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return string(b)
}

// batchOf is a batch that inserts the contact n times.
func batchOf(c *contacts.Contact, n int) []byte {
	var entries []byte
	e := NewEncoder(user(3, ContactKind))
	for i := range n {
		entry := fmt.Sprintf("<batch:id>%d</batch:id><batch:operation type='insert'/></entry>", i)
		entries = append(entries, strings.Replace(string(e.AppendContact(nil, c)), "</entry>", entry, 1)...)
	}
	return batchDoc(string(entries))
}

func TestBatchAllocations(t *testing.T) {
	const n = 100
	alone := NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, sample())
	one := testing.AllocsPerRun(20, func() {
		if _, err := ParseContact(alone, groupOf); err != nil {
			t.Fatal(err)
		}
	})
	doc := batchOf(sample(), n)
	all := testing.AllocsPerRun(20, func() { parseBatch(t, doc) })
	if all/n > 1.5*one {
		t.Errorf("%v allocations for an entry of a batch, %v for one alone", all/n, one)
	}
}

func BenchmarkParseBatch(b *testing.B) {
	const n = 100
	one := NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, sample())
	doc := batchOf(sample(), n)
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range n {
				if _, err := ParseContact(one, groupOf); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/contact")
	})
	b.Run("batch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got, err := ParseBatch(doc, ContactKind, n, groupOf); err != nil || len(got.Ops) != n {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/contact")
	})
}

// FuzzParseBatch holds that a whole document has an operation for each of its
// entries, and one that breaks off for each entry before that.
func FuzzParseBatch(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
		if _, body, ok := strings.Cut(string(doc), "<entry"); ok {
			f.Add([]byte(feedOpen + "<entry" + body + "<entry/></feed>"))
		}
	}
	f.Add(batchOf(sample(), 3))
	f.Add(batchDoc("<title type='html'>a</title><batch:operation type='update'/><entry><title/><title/><batch:id/></entry><entry>\x01</entry>"))
	f.Add([]byte(utf16Doc(feedOpen+"<entry/></feed>") + "\x00\xD8"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		whole, entries, isFeed := countEntries(doc)
		b, err := ParseBatch(doc, ContactKind, 1<<20, groupOf)
		switch {
		case contacts.CodeOf(err) == contacts.CodeNotRepeatable:
			return // two operations of the feed
		case !isFeed || !whole && entries == 0:
			if contacts.KindOf(err) != contacts.Invalid || b != nil {
				t.Fatalf("%+v, %v", b, err)
			}
			return
		case err != nil || len(b.Ops) != entries || (b.Broken == nil) != whole:
			t.Fatalf("%+v, %v, want %d operations, whole %v", b, err, entries, whole)
		}
		for i := range b.Ops {
			op := &b.Ops[i]
			if complete := op.Entry.Contact != nil; complete != (op.ErrOf(OpInsert) == nil) || complete && op.ErrOf(OpDelete) != nil {
				t.Fatalf("operation %d: %+v", i, op)
			}
		}
	})
}

// countEntries counts the whole entries of a feed, by depth alone.
func countEntries(doc []byte) (whole bool, entries int, isFeed bool) {
	p := parsers.Get().(*parser)
	defer p.free()
	p.startPart(doc)
	inEntry := false
	for {
		switch p.next() {
		case tokError:
			return false, entries, isFeed
		case tokEOF:
			return true, entries, isFeed
		case tokStart:
			switch name := &p.name; {
			case len(p.open) == 1:
				isFeed = name.ns == nsAtom && name.local == "feed"
			case len(p.open) == 2:
				inEntry = isFeed && name.ns == nsAtom && name.local == "entry"
			}
		case tokEnd:
			if len(p.open) == 1 && inEntry {
				entries++
			}
		}
	}
}
