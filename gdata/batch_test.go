package gdata_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	contactsBatch = contactsFull + "/batch"
	groupsBatch   = groupsFull + "/batch"
	sharedBatch   = sharedFull + "/batch"
)

// batchOf is a batch feed with the given entries, each a string of elements.
func batchOf(entries ...string) string {
	return "<feed " + namespaces + " xmlns:batch='http://schemas.google.com/gdata/batch'><title>My batch</title>" +
		"<entry>" + strings.Join(entries, "</entry><entry>") + "</entry></feed>"
}

// op is the batch elements of an operation.
func op(id, kind string) string {
	return fmt.Sprintf("<batch:id>%s</batch:id><batch:operation type='%s'/>", id, kind)
}

// A batchResult is what tests look at in the answer to an operation.
type batchResult struct {
	entry
	BatchID   string `xml:"http://schemas.google.com/gdata/batch id"`
	Operation struct {
		Type string `xml:"type,attr"`
	} `xml:"http://schemas.google.com/gdata/batch operation"`
	Status struct {
		Code   int    `xml:"code,attr"`
		Reason string `xml:"reason,attr"`
	} `xml:"http://schemas.google.com/gdata/batch status"`
	Interrupted *struct {
		Reason  string `xml:"reason,attr"`
		Parsed  int    `xml:"parsed,attr"`
		Success int    `xml:"success,attr"`
		Error   int    `xml:"error,attr"`
	} `xml:"http://schemas.google.com/gdata/batch interrupted"`
}

// results reads the answers of a batch.
func (a *answer) results(t testing.TB) []batchResult {
	t.Helper()
	var f struct {
		Entries []batchResult `xml:"http://www.w3.org/2005/Atom entry"`
	}
	if err := xml.Unmarshal([]byte(a.want(t, 200).Body), &f); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return f.Entries
}

// codes are the codes of the answers, such as "201 400".
func codes(rs []batchResult) string {
	var all []string
	for _, r := range rs {
		all = append(all, fmt.Sprint(r.Status.Code))
	}
	return strings.Join(all, " ")
}

// target is the elements by which an operation means an entry.
func (e *entry) target() string {
	return "<id>" + e.ID + "</id><link rel='edit' href='https://contacts.example.net" + e.link("edit") + "'/>"
}

func TestBatchExample(t *testing.T) {
	w := newWorld(t)
	t.Run("BATCH-1 BATCH-3 BATCH-8 BATCH-10 BATCH-14 the example is answered as documented", func(t *testing.T) {
		body := batchOf(op("1", "insert")+`<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/g/2008#contact'/>
<gd:name><gd:fullName>Jane Bennet</gd:fullName></gd:name>
<gd:email rel='http://schemas.google.com/g/2005#home' address='jane@example.com' primary='true'/>`,
			op("2", "delete")+"<id>foobar</id>")
		rs := w.as("3", "POST", contactsBatch, body).results(t)
		if got := codes(rs); got != "201 400" {
			t.Fatalf("statuses = %s, want 201 400", got)
		}
		if r := rs[0]; r.BatchID != "1" || r.Status.Reason != "Created" || r.Operation.Type != "insert" || r.Name.Full != "Jane Bennet" || r.ETag == "" {
			t.Errorf("first answer = %+v", r)
		}
		if r := rs[1]; r.ID != "foobar" || r.Title != "Error" || r.Content != "Invalid entry Id/Uri" || r.Status.Reason != "Invalid entry Id/Uri" {
			t.Errorf("second answer = %+v", r)
		}
	})

	t.Run("BATCH-15 the envelope has the batch URL, the title of the request and the batch link", func(t *testing.T) {
		f := w.as("3", "POST", contactsBatch, batchOf(op("1", "insert")+"<title>Mary Bennet</title>")).feed(t)
		want := fmt.Sprintf("https://contacts.example.net/m8/feeds/contacts/liz%%40example.com/full/batch/%d", w.Clock.Now().UnixMilli())
		if f.ID != want || f.Title != "My batch" || f.link("http://schemas.google.com/g/2005#batch") == "" || f.Updated == "" {
			t.Errorf("feed = %+v, want the id %s", f, want)
		}
	})
}

func TestBatchOperations(t *testing.T) {
	w := newWorld(t)
	insert := func(title string) *entry {
		return w.as("3", "POST", contactsFull, named(title)).want(t, 201).entry(t)
	}
	attr := func(etag string) string { return strings.ReplaceAll(etag, `"`, "&quot;") }
	withETag := func(batch, etag string) string {
		return strings.Replace(batch, "<entry>", "<entry gd:etag='"+attr(etag)+"'>", 1)
	}

	t.Run("BATCH-4 BATCH-5 BATCH-6 BATCH-7 each operation has its answer", func(t *testing.T) {
		jane, mary := insert("Jane Bennet"), insert("Mary Bennet")
		body := "<feed " + namespaces + " xmlns:batch='http://schemas.google.com/gdata/batch'>" +
			"<entry gd:etag='" + attr(jane.ETag) + "'>" + op("same", "update") + jane.target() + "<title>Jane Bingley</title></entry>" +
			"<entry gd:etag='" + attr(mary.ETag) + "'>" + op("same", "delete") + mary.target() + "</entry>" +
			"<entry>" + op("q", "query") + "<id>" + jane.ID + "</id></entry>" +
			"<entry><batch:operation type='insert'/><title>Kitty Bennet</title></entry></feed>"
		a := w.as("3", "POST", contactsBatch, body)
		rs := a.results(t)
		if got := codes(rs); got != "200 200 200 201" {
			t.Fatalf("statuses = %s\n%s", got, a.Body)
		}
		if rs[0].BatchID != "same" || rs[1].BatchID != "same" || rs[0].Title != "Jane Bingley" || rs[0].Status.Reason != "Success" {
			t.Errorf("update = %+v", rs[0])
		}
		if rs[1].ID != mary.ID || rs[1].Content != "Deleted" || rs[1].Title != "Mary Bennet" || rs[1].Updated == "" {
			t.Errorf("delete = %+v", rs[1])
		}
		if rs[2].ETag != rs[0].ETag || rs[2].Title != "Jane Bingley" {
			t.Errorf("query = %+v, want the state after the update (BATCH-16)", rs[2])
		}
		if strings.Count(a.Body, "<batch:id>") != 3 {
			t.Errorf("an operation without batch:id got one: %s", a.Body)
		}
		w.as("3", "GET", mary.link("self"), "").want(t, 404)
	})

	t.Run("BATCH-9 the operation of the feed, or insert, stands for a missing one, and an unknown one fails alone", func(t *testing.T) {
		body := strings.Replace(batchOf("<title>Lydia Bennet</title>", op("2", "merge")+"<title>x</title>"), "<title>My", "<batch:operation type='insert'/><title>My", 1)
		if rs := w.as("3", "POST", contactsBatch, body).results(t); codes(rs) != "201 400" || rs[0].Operation.Type != "insert" {
			t.Errorf("answers = %+v", rs)
		}
		if rs := w.as("3", "POST", contactsBatch, batchOf("<title>George Wickham</title>")).results(t); codes(rs) != "201" {
			t.Errorf("answers = %+v", rs)
		}
	})

	t.Run("BATCH-11 an id in the form of an edit URL counts as edit link, and a query finds its entry by the self link", func(t *testing.T) {
		e := w.do(elizabeth, "POST", contactsFull, named("Charlotte Lucas")).want(t, 201).entry(t)
		rs := w.do(elizabeth, "POST", contactsBatch, batchOf(
			op("1", "query")+"<link rel='self' href='"+e.link("self")+"'/>",
			op("2", "update")+"<id>https://contacts.example.net"+e.link("edit")+"</id><title>Charlotte Collins</title>")).results(t)
		if codes(rs) != "200 200" || rs[1].Title != "Charlotte Collins" {
			t.Errorf("answers = %+v", rs)
		}
	})

	t.Run("BATCH-12 version 1 wants the version number, and answers a stale one with the entry", func(t *testing.T) {
		e := w.do(elizabeth, "POST", contactsFull, named("Maria Lucas")).want(t, 201).entry(t)
		w.Clock.Add(time.Second)
		w.do(elizabeth, "PUT", e.link("edit"), named("Maria L.")).want(t, 200)
		rs := w.do(elizabeth, "POST", contactsBatch, batchOf(
			op("1", "update")+"<id>"+e.ID+"</id><title>x</title>",
			op("2", "update")+e.target()+"<title>x</title>",
			op("3", "delete")+e.target())).results(t)
		if codes(rs) != "400 409 409" || rs[0].Content != "Missing resource version ID" {
			t.Fatalf("answers = %+v", rs)
		}
		if rs[1].Title != "Maria L." || rs[1].link("edit") == e.link("edit") || rs[2].Title != "Maria L." {
			t.Errorf("answers = %+v, want the entry as it is", rs)
		}
	})

	t.Run("BATCH-13 versions 2 and 3 want gd:etag, or If-Match: * for all", func(t *testing.T) {
		e := insert("William Collins")
		update := batchOf(op("1", "update") + e.target() + "<title>Mr Collins</title>")
		if rs := w.as("3", "POST", contactsBatch, update).results(t); codes(rs) != "403" || rs[0].Title != "Error" {
			t.Errorf("without: %+v", rs)
		}
		if rs := w.as("3", "POST", contactsBatch, withETag(update, `"stale"`)).results(t); codes(rs) != "412" {
			t.Errorf("stale: %+v", rs)
		}
		if rs := w.as("2", "POST", contactsBatch, withETag(update, e.ETag)).results(t); codes(rs) != "200" {
			t.Errorf("current: %+v", rs)
		}
		if rs := w.as("3", "POST", contactsBatch, withETag(update, `"stale"`), "If-Match", "*").results(t); codes(rs) != "200" {
			t.Errorf("forced: %+v", rs)
		}
	})

	t.Run("BATCH-14 BATCH-19 RES-29 entries of another feed, another user or another kind are refused alone", func(t *testing.T) {
		other := w.do(bingley, "POST", contactsFull, named("Caroline Bingley"), "GData-Version", "3").want(t, 201).entry(t)
		group := w.as("3", "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
		rs := w.as("3", "POST", contactsBatch, batchOf(
			op("1", "delete")+other.target(),
			op("2", "delete")+group.target(),
			op("3", "query")+"<id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/11112222333344445</id>",
			op("4", "insert")+"<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#group'/><title>x</title>",
			op("5", "insert")+"<title>Anne de Bourgh</title>"), "If-Match", "*").results(t)
		if got := codes(rs); got != "400 400 400 400 201" {
			t.Errorf("statuses = %s, want 400 400 400 400 201", got)
		}
		w.do(bingley, "GET", other.link("self"), "").want(t, 200)
	})

	t.Run("BATCH-19 groups and shared contacts have batches", func(t *testing.T) {
		if rs := w.as("3", "POST", groupsBatch, batchOf(op("1", "insert")+"<title>Officers</title>", op("2", "delete")+
			"<id>http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6</id>"), "If-Match", "*").results(t); codes(rs) != "201 403" {
			t.Errorf("groups: %+v", rs)
		}
		if rs := w.do(admin, "POST", sharedBatch, batchOf(op("1", "insert")+"<title>Meryton Inn</title>")).results(t); codes(rs) != "201" {
			t.Errorf("shared contacts: %+v", rs)
		}
	})

	t.Run("BATCH-18 DUP-5 a duplicate address within the batch is refused", func(t *testing.T) {
		one := func(id string) string {
			return op(id, "insert") + "<gd:email rel='http://schemas.google.com/g/2005#work' address='inn@example.com'/>"
		}
		if rs := w.do(admin, "POST", sharedBatch, batchOf(one("1"), one("2"))).results(t); codes(rs) != "201 409" {
			t.Errorf("answers = %+v", rs)
		}
	})

	t.Run("BATCH-3 a failed operation undoes itself only", func(t *testing.T) {
		before := w.as("3", "GET", contactsFull+"?max-results=0", "").feed(t).Total
		rs := w.as("3", "POST", contactsBatch, batchOf(
			op("1", "insert")+"<title>Colonel Forster</title>",
			op("2", "insert")+"<gd:email address='x@example.com'/>",
			op("3", "insert")+"<title>Mrs Forster</title>")).results(t)
		if after := w.as("3", "GET", contactsFull+"?max-results=0", "").feed(t).Total; codes(rs) != "201 400 201" || after != before+2 {
			t.Errorf("statuses = %s and %d contacts more, want 201 400 201 and 2", codes(rs), after-before)
		}
	})
}

func TestBatchRefused(t *testing.T) {
	w := newWorld(t)
	many := func(n int) string {
		var ops []string
		for i := range n {
			ops = append(ops, op(fmt.Sprint(i), "insert")+fmt.Sprintf("<title>Officer %d</title>", i))
		}
		return batchOf(ops...)
	}
	total := func() int { return w.as("3", "GET", contactsFull+"?max-results=0", "").feed(t).Total }

	t.Run("BATCH-2 ERR-34 a hundred operations are the most, or nothing is done", func(t *testing.T) {
		if a := w.as("3", "POST", contactsBatch, many(101)).want(t, 400); !strings.Contains(a.Body, "Batch requests are limited to 100 operations") || total() != 0 {
			t.Errorf("body = %s, and %d contacts", a.Body, total())
		}
		if rs := w.as("3", "POST", contactsBatch, many(100)).results(t); len(rs) != 100 || total() != 100 {
			t.Errorf("%d answers and %d contacts, want 100", len(rs), total())
		}
	})

	t.Run("BATCH-17 what was read of a broken document is done, and the answer says where it broke", func(t *testing.T) {
		before := total()
		body := many(3)
		a := w.as("3", "POST", contactsBatch, body[:strings.LastIndex(body, "Officer 2")])
		rs := a.results(t)
		if len(rs) != 3 || rs[2].Interrupted == nil || total() != before+2 {
			t.Fatalf("answers = %+v and %d contacts more, want two, the end, and 2", rs, total()-before)
		}
		if i := rs[2].Interrupted; i.Parsed != 2 || i.Success != 2 || i.Error != 0 || i.Reason == "" {
			t.Errorf("interrupted = %+v", i)
		}
		w.as("3", "POST", contactsBatch, body[:strings.Index(body, "Officer 0")]).want(t, 400)
	})

	t.Run("BATCH-22 a batch without operations is refused", func(t *testing.T) {
		w.as("3", "POST", contactsBatch, "<feed "+namespaces+"/>").want(t, 400)
	})

	t.Run("BATCH-20 BATCH-21 RES-30 the batch URL belongs to its feed", func(t *testing.T) {
		w.as("3", "GET", contactsBatch, "").want(t, 405)
		w.do("", "POST", contactsBatch, many(1)).want(t, 401)
		w.as("3", "POST", sharedBatch, many(1)).want(t, 403)
		w.as("3", "POST", contactsBatch, named("x")).want(t, 400) // an entry is no feed (WRT-4)
		w.as("3", "POST", contactsBatch, many(1), "Content-Type", "image/png").want(t, 415)
	})

	t.Run("BATCH-6 QRY-55 alt shapes the answer", func(t *testing.T) {
		body := w.as("3", "POST", contactsBatch+"?alt=json", many(1)).want(t, 200).Body
		var f struct {
			Feed struct {
				Entry []map[string]any `json:"entry"`
			} `json:"feed"`
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil || len(f.Feed.Entry) != 1 || f.Feed.Entry[0]["batch$status"] == nil {
			t.Errorf("JSON = %s, %v", body, err)
		}
	})
}
