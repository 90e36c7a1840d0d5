package wire

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contacts"

	"github.com/rogpeppe/go-internal/txtar"
)

// batchAnswer is a whole answer.
func batchAnswer(o Options, f BatchFeed, broken *Interrupted, rs ...*BatchResult) string {
	e := NewEncoder(o)
	var results []byte
	for i, r := range rs {
		if i > 0 {
			results = e.AppendSeparator(results)
		}
		results = e.AppendBatchResult(results, r)
	}
	if broken != nil {
		if len(rs) > 0 {
			results = e.AppendSeparator(results)
		}
		results = e.AppendBatchInterrupted(results, broken)
	}
	f.Empty = len(results) == 0
	return string(e.AppendBatchTail(append(e.AppendBatchHead(nil, &f), results...), &f))
}

func instant(t testing.TB, s string) time.Time { return at(t, s).Time() }

// answerTo carries out a batch on nothing: every contact there is is what the
// client has sent.
func answerTo(t testing.TB, b *Batch, now time.Time) ([]*BatchResult, *Interrupted) {
	var rs []*BatchResult
	done := &Interrupted{Updated: now, Parsed: len(b.Ops)}
	for i := range b.Ops {
		op := &b.Ops[i]
		r := &BatchResult{ID: op.ID, HasID: op.HasID, Operation: b.OperationOf(op), Code: 400, EntryID: op.Entry.ID, Updated: now, Title: "Error"}
		target := op.EditLink + op.Entry.ID + op.SelfLink
		switch {
		case op.ErrOf(r.Operation) != nil:
			var e *contacts.Error
			if err := op.ErrOf(r.Operation); !errors.As(err, &e) {
				t.Fatal(err)
			}
			r.Reason = e.Reason
		case !strings.Contains("insert update delete query", r.Operation):
			r.Reason = "Unknown operation"
		case r.Operation != OpInsert && !strings.Contains(target, "/m8/feeds/"):
			r.Reason = "Invalid entry Id/Uri"
		case r.Operation == OpDelete:
			r.Code, r.Reason, r.Title, r.Content = 200, "Success", "Jane Bennet", "Deleted"
		default:
			r.Code, r.Reason = 200, "Success"
			if r.Operation == OpInsert {
				r.Code, r.Reason = 201, "Created"
			}
			id, rev := 0x77f272e18a99d7b0+contacts.ID(i), at(t, "2013-08-01T13:16:15.321Z")
			if c := op.Entry.Contact; c != nil {
				c.Normalize()
				c.ID, c.Rev, r.Contact = id, rev, c
			} else {
				op.Entry.Group.ID, op.Entry.Group.Rev, r.Group = id, rev, op.Entry.Group
			}
		}
		if done.Success++; r.Code == 400 {
			done.Success--
			done.Error++
			if r.Content = r.Reason; r.Operation == OpInsert {
				r.EntryID = ""
			}
		}
		rs = append(rs, r)
	}
	if b.Broken == nil {
		return rs, nil
	}
	done.Reason = b.Broken.Reason
	return rs, done
}

// describe is what was read of a batch.
func describe(b *Batch) string {
	s := fmt.Sprintf("title %q operation %q\n", b.Title, b.Operation)
	for i := range b.Ops {
		op := &b.Ops[i]
		s += b.OperationOf(op)
		if op.HasID {
			s += fmt.Sprintf(" %q", op.ID)
		}
		for _, part := range [][2]string{{"id", op.Entry.ID}, {"etag", op.Entry.ETag}, {"title", op.Entry.Title}, {"edit", op.EditLink}, {"self", op.SelfLink}} {
			if part[1] != "" {
				s += fmt.Sprintf(" %s %q", part[0], part[1])
			}
		}
		switch e, err := op.Entry, op.ErrOf(b.OperationOf(op)); {
		case err != nil:
			s += fmt.Sprintf(": %v", err)
		case e.Contact != nil:
			s += fmt.Sprintf(" contact %q", e.Contact.Name.Full)
		case e.Group != nil:
			s += fmt.Sprintf(" group %q", e.Group.Name)
		}
		s += "\n"
	}
	if b.Broken != nil {
		s += fmt.Sprintf("broken: %v\n", b.Broken)
	}
	return s
}

// Each file holds a request, what was read of it, and an answer to it in every
// form.
func TestBatchGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/batch/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run("BATCH-4 BATCH-6 BATCH-7 BATCH-8 BATCH-15 BATCH-17 QRY-55 "+name, func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kind := ContactKind
			if strings.HasPrefix(name, "group-") {
				kind = GroupKind
			}
			b, err := ParseBatch(a.Files[0].Data, kind, 100, groupOf)
			if err != nil {
				t.Fatal(err)
			}
			want := &txtar.Archive{Comment: a.Comment, Files: a.Files[:1:1]}
			want.Files = append(want.Files, txtar.File{Name: "read", Data: []byte(describe(b))})
			f := BatchFeed{Began: instant(t, "2013-08-01T13:16:15.314Z"), Updated: instant(t, "2013-08-01T13:16:15.339Z"), Title: b.Title}
			rs, broken := answerTo(t, b, f.Updated)
			for _, form := range goldenForms {
				o := form.view
				o.Format, o.Kind = form.format, kind
				doc := batchAnswer(o, f, broken, rs...)
				checkDocument(t, o, doc)
				want.Files = append(want.Files, txtar.File{Name: form.name, Data: []byte(doc + "\n")})
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			equal(t, string(txtar.Format(a)), string(txtar.Format(want)))
		})
	}
}

// checkDocument fails on a document that no client could read.
func checkDocument(t testing.TB, o Options, doc string) {
	t.Helper()
	var err error
	if o.Format >= JSON {
		err = uniqueMembers([]byte(doc))
	} else {
		_, err = scan([]byte(doc))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
}

func TestBatchAnswer(t *testing.T) {
	feed := BatchFeed{Began: instant(t, "2013-08-01T13:16:15.314Z"), Updated: instant(t, "2013-08-01T13:16:15.339Z"), Title: "My batch"}
	deleted := &BatchResult{ID: "<1>", HasID: true, Operation: OpDelete, Code: 200, Reason: "Success", EntryID: "urn:'1'", Updated: feed.Updated, Title: "Jane & Mary", Content: "Deleted"}
	failed := &BatchResult{Operation: OpInsert, Code: 409, Reason: `Duplicate 'e-mail' "address"`, Updated: feed.Updated, Title: "Error", Content: "Duplicate <e-mail>"}
	broken := &Interrupted{Updated: feed.Updated, Reason: "it's <broken>", Parsed: 4, Success: 2, Error: 1, Unprocessed: 1}
	const batch = "https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/batch"

	t.Run("BATCH-4 BATCH-6 BATCH-8 BATCH-15 VER-20 VER-40 FEED-10 the example", func(t *testing.T) {
		c := &contacts.Contact{ID: 0x77f272e18a99d7b0, Rev: at(t, "2013-08-01T13:16:15.321Z"),
			Name:   contacts.Name{Full: "Jane Bennet", Given: "Jane", Family: "Bennet"},
			Emails: []contacts.Email{{Rel: "home", Address: "jane@example.com", Primary: true}}}
		got := batchAnswer(user(3, ContactKind), feed, nil,
			&BatchResult{ID: "1", HasID: true, Operation: OpInsert, Code: 201, Reason: "Created", Contact: c},
			&BatchResult{ID: "2", HasID: true, Operation: OpDelete, Code: 400, Reason: "Invalid entry Id/Uri", EntryID: "foobar", Updated: feed.Updated,
				Title: "Error", Content: "Invalid entry Id/Uri"})
		equal(t, tag(strings.TrimPrefix(got, xmlDeclaration), c.Rev, "RH05eTVSLit7I2A9WhFWE0sITgM."), example(t, "batch-response.xml"))
	})
	t.Run("BATCH-4 BATCH-7 BATCH-8 BATCH-15 BATCH-17 VER-20 VER-29 Atom in version 1", func(t *testing.T) {
		equal(t, batchAnswer(user(1, ContactKind), feed, broken, deleted, failed), strings.Join([]string{
			"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'",
			" xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:gd='http://schemas.google.com/g/2005'>",
			"<id>" + batch + "/1375362975314</id><updated>2013-08-01T13:16:15.339Z</updated><title type='text'>My batch</title>",
			"<link rel='http://schemas.google.com/g/2005#batch' type='application/atom+xml' href='" + batch + "'/>",
			"<entry><id>urn:'1'</id><updated>2013-08-01T13:16:15.339Z</updated><title type='text'>Jane &amp; Mary</title><content type='text'>Deleted</content>",
			"<batch:id>&lt;1&gt;</batch:id><batch:status code='200' reason='Success'/><batch:operation type='delete'/></entry>",
			"<entry><id>" + batch + "</id><updated>2013-08-01T13:16:15.339Z</updated><title type='text'>Error</title><content type='text'>Duplicate &lt;e-mail&gt;</content>",
			"<batch:status code='409' reason='Duplicate &apos;e-mail&apos; &quot;address&quot;'/><batch:operation type='insert'/></entry>",
			"<entry><id>" + batch + "</id><updated>2013-08-01T13:16:15.339Z</updated><title type='text'>Error</title><content type='text'>it's &lt;broken&gt;</content>",
			"<batch:interrupted reason='it&apos;s &lt;broken&gt;' parsed='4' success='2' error='1' unprocessed='1'/></entry></feed>",
		}, ""))
	})
	t.Run("BATCH-4 BATCH-7 BATCH-8 BATCH-15 BATCH-17 JSON-2 JSON-4 JSON-5 JSON-6 JSON-8 JSON-10 JSON-12 QRY-55 JSON", func(t *testing.T) {
		want := strings.Join([]string{
			`{"version":"1.0","encoding":"UTF-8","feed":{"xmlns":"http://www.w3.org/2005/Atom","xmlns$openSearch":"http://a9.com/-/spec/opensearch/1.1/",`,
			`"xmlns$gContact":"http://schemas.google.com/contact/2008","xmlns$batch":"http://schemas.google.com/gdata/batch","xmlns$gd":"http://schemas.google.com/g/2005",`,
			`"id":{"$t":"` + batch + `/1375362975314"},"updated":{"$t":"2013-08-01T13:16:15.339Z"},"title":{"$t":"My batch"},`,
			`"link":[{"rel":"http://schemas.google.com/g/2005#batch","type":"application/atom+xml","href":"` + batch + `"}],"entry":[`,
			`{"id":{"$t":"urn:'1'"},"updated":{"$t":"2013-08-01T13:16:15.339Z"},"title":{"$t":"Jane \u0026 Mary"},"content":{"$t":"Deleted"},`,
			`"batch$id":{"$t":"\u003c1\u003e"},"batch$status":{"code":"200","reason":"Success"},"batch$operation":{"type":"delete"}},`,
			`{"id":{"$t":"` + batch + `"},"updated":{"$t":"2013-08-01T13:16:15.339Z"},"title":{"$t":"Error"},"content":{"$t":"Duplicate \u003ce-mail\u003e"},`,
			`"batch$status":{"code":"409","reason":"Duplicate 'e-mail' \"address\""},"batch$operation":{"type":"insert"}},`,
			`{"id":{"$t":"` + batch + `"},"updated":{"$t":"2013-08-01T13:16:15.339Z"},"title":{"$t":"Error"},"content":{"$t":"it's \u003cbroken\u003e"},`,
			`"batch$interrupted":{"reason":"it's \u003cbroken\u003e","parsed":"4","success":"2","error":"1","unprocessed":"1"}}]}}`,
		}, "")
		equal(t, batchAnswer(inFormat(user(3, ContactKind), JSON), feed, broken, deleted, failed), want)
		o := inFormat(user(3, ContactKind), JSONScript)
		o.Callback = "my.call$back"
		equal(t, batchAnswer(o, feed, broken, deleted, failed), "// API callback\nmy.call$back("+want+");")
		has(t, batchAnswer(inFormat(user(1, ContactKind), JSON), feed, nil, deleted), `"title":{"type":"text","$t":"Jane \u0026 Mary"},"content":{"type":"text","$t":"Deleted"},`)
	})
	t.Run("BATCH-4 BATCH-15 RSS-1 RSS-2 RSS-3 RSS-5 RSS-6 RSS-12 RSS-13 RSS-16 RSS-17 RSS", func(t *testing.T) {
		equal(t, batchAnswer(inFormat(user(2, ContactKind), RSS), feed, broken, deleted), strings.Join([]string{
			"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/'",
			" xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:gd='http://schemas.google.com/g/2005'>",
			"<channel><atom:id>" + batch + "/1375362975314</atom:id><lastBuildDate>Thu, 01 Aug 2013 13:16:15 +0000</lastBuildDate><title>My batch</title><description></description>",
			"<link>https://contacts.example.net/</link><atom:link rel='http://schemas.google.com/g/2005#batch' type='application/atom+xml' href='" + batch + "'/>",
			"<item><guid isPermaLink='false'>urn:'1'</guid><atom:updated>2013-08-01T13:16:15.339Z</atom:updated><title>Jane &amp; Mary</title><description>Deleted</description>",
			"<batch:id>&lt;1&gt;</batch:id><batch:status code='200' reason='Success'/><batch:operation type='delete'/></item>",
			"<item><guid isPermaLink='false'>" + batch + "</guid><atom:updated>2013-08-01T13:16:15.339Z</atom:updated><title>Error</title><description>it's &lt;broken&gt;</description>",
			"<batch:interrupted reason='it&apos;s &lt;broken&gt;' parsed='4' success='2' error='1' unprocessed='1'/></item></channel></rss>",
		}, ""))
	})
	t.Run("BATCH-7 NAME-6 a contact without name, and an answer without results", func(t *testing.T) {
		nameless := *deleted
		nameless.Title = ""
		for _, test := range []struct {
			o           Options
			title, none string
		}{
			{user(1, ContactKind), "<title type='text'></title><content", "/></feed>"},
			{user(3, ContactKind), "<title/><content", "/></feed>"},
			{inFormat(user(3, ContactKind), RSS), "<title></title><description>", "/></channel></rss>"},
			{inFormat(user(3, ContactKind), JSON), `"title":{"$t":""},"content"`, `"}]}}`},
		} {
			has(t, batchAnswer(test.o, feed, nil, &nameless), test.title)
			got := batchAnswer(test.o, feed, nil)
			checkDocument(t, test.o, got)
			if hasNot(t, got, `"entry"`, "<entry", "<item"); !strings.HasSuffix(got, test.none) {
				t.Error(got)
			}
		}
	})
	t.Run("BATCH-6 RES-15 an entry is that of the projection, whatever the status", func(t *testing.T) {
		o := shared(1)
		o.View.Projection.Name = contacts.ProjectionThin
		c := &contacts.Contact{ID: 1, Rev: 1000, Name: contacts.Name{Full: "Jane"}, Properties: []contacts.Property{{Name: "pet", Value: "cat"}},
			Extra: contacts.Extra{{XML: "<x xmlns='urn:x'/>"}}}
		alone := string(NewEncoder(o).AppendContact(nil, c))
		r := &BatchResult{Operation: OpUpdate, Code: 409, Reason: "Conflict", Contact: c}
		got := batchAnswer(o, feed, nil, r)
		has(t, got, "/m8/feeds/contacts/example.com/thin/batch/1375362975314</id>",
			strings.TrimSuffix(alone, "</entry>")+"<batch:status code='409' reason='Conflict'/><batch:operation type='update'/></entry>")
		hasNot(t, got, "pet")
	})
	t.Run("BATCH-19 FEED-10 groups", func(t *testing.T) {
		g := &contacts.Group{ID: 6, System: "Contacts", Name: "System Group: My Contacts"}
		for _, f := range []Format{Atom, JSON, RSS} {
			o := inFormat(user(3, GroupKind), f)
			got := batchAnswer(o, feed, nil, &BatchResult{Operation: OpQuery, Code: 200, Reason: "Success", Group: g})
			checkDocument(t, o, got)
			has(t, got, "/m8/feeds/groups/liz%40example.com/full/batch/", "System Group: My Contacts", "systemGroup")
		}
	})
	t.Run("JSON-9 what a client calls batch:id is none", func(t *testing.T) {
		c := parse(t, entry("<batch:id xmlns:batch='urn:x'>1</batch:id><b:status xmlns:b='urn:x'/>")).Contact
		o := inFormat(user(3, ContactKind), JSON)
		got := batchAnswer(o, feed, nil, &BatchResult{ID: "2", HasID: true, Operation: OpQuery, Code: 200, Reason: "Success", Contact: c})
		checkDocument(t, o, got)
		has(t, got, `"batch$id":{"xmlns$batch":"urn:x","$t":"1"}`, `"x$batch$id":{"$t":"2"},"batch$status":{"code":"200"`)
	})
	t.Run("BATCH-6 every answer is well-formed and can be laid out", func(t *testing.T) {
		for seed := range uint64(rounds / 4) {
			m := maker{rand.New(rand.NewPCG(seed, 21))}
			o := user(1+m.IntN(3), ContactKind)
			o.View.Shared = m.IntN(2) == 0
			r := &BatchResult{ID: m.text(), HasID: true, Operation: m.text(), Code: 200, Reason: m.text(), Contact: m.contact()}
			f := &BatchResult{ID: m.text(), HasID: true, Operation: m.text(), Code: 400, Reason: m.text(), EntryID: m.text(), Title: m.text(), Content: m.text()}
			for _, format := range []Format{Atom, RSS, JSON} {
				o := inFormat(o, format)
				got := batchAnswer(o, BatchFeed{Title: m.text()}, &Interrupted{Reason: m.text()}, r, f)
				checkDocument(t, o, got)
				checkDocument(t, o, string(NewIndenter(format).Append(nil, []byte(got))))
			}
		}
	})
	t.Run("QRY-67 fields of an answer", func(t *testing.T) {
		c := &contacts.Contact{ID: 1, Rev: 1000, Name: contacts.Name{Full: "Jane"}, Extra: contacts.Extra{{XML: "<x xmlns='urn:x'/>"}}}
		rs := []*BatchResult{{ID: "1", HasID: true, Operation: OpQuery, Code: 200, Reason: "Success", Contact: c}, deleted, failed}
		for _, o := range views() {
			if o.Kind == GroupKind {
				continue
			}
			atom := batchAnswer(o, feed, broken, rs...)
			equal(t, selected(t, o, atom, "@*,*"), atom)
			for _, format := range []Format{JSON, JSONScript} {
				o.Format = format
				equal(t, selected(t, o, atom, "@*,*"), batchAnswer(o, feed, broken, rs...))
			}
			o.Format = RSS
			got := selected(t, o, atom, "entry(batch:id,batch:status[@code='200'])")
			checkDocument(t, o, got)
			has(t, got, "<batch:id>1</batch:id><batch:status code='200' reason='Success'/></item>", "<batch:id>&lt;1&gt;</batch:id>")
			hasNot(t, got, "409", "Deleted", "interrupted")
		}
	})
	t.Run("writing a result allocates nothing", func(t *testing.T) {
		full := &BatchResult{ID: "1", HasID: true, Operation: OpInsert, Code: 201, Reason: "Created", Contact: sample()}
		group := &BatchResult{ID: "1", HasID: true, Operation: OpInsert, Code: 201, Reason: "Created", Group: &contacts.Group{ID: 1, Rev: 1000, Name: "Sisters"}}
		buf := make([]byte, 0, 64<<10)
		for _, format := range []Format{Atom, RSS, JSON, JSONScript} {
			e := NewEncoder(inFormat(user(3, ContactKind), format))
			if n := testing.AllocsPerRun(20, func() {
				b := buf
				for _, r := range []*BatchResult{full, group, deleted, failed} {
					b = e.AppendBatchResult(b, r)
				}
				e.AppendBatchInterrupted(b, broken)
			}); n >= 1 {
				t.Errorf("format %d: %v allocations", format, n)
			}
		}
	})
}

func BenchmarkBatchResult(b *testing.B) {
	r := &BatchResult{ID: "1", HasID: true, Operation: OpInsert, Code: 201, Reason: "Created", Contact: sample()}
	for name, format := range map[string]Format{"Atom": Atom, "JSON": JSON} {
		e := NewEncoder(inFormat(user(3, ContactKind), format))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = e.AppendBatchResult(buf[:0], r)
			}
		})
	}
}
