package gdata_test

import (
	"net/http"
	"strings"
	"testing"
)

// emails is elements of e-mail addresses. One that begins with * is primary.
func emails(addresses ...string) string {
	var b strings.Builder
	for _, a := range addresses {
		address, primary := strings.CutPrefix(a, "*")
		b.WriteString("<gd:email label='x' address='" + address + "'")
		if primary {
			b.WriteString(" primary='true'")
		}
		b.WriteString("/>")
	}
	return b.String()
}

func TestDuplicatesOfDomain(t *testing.T) {
	w := newWorld(t)
	post := func(version, children string) *answer {
		t.Helper()
		return w.do(admin, "POST", sharedFull, atom(children), "GData-Version", version)
	}
	first := post("3.0", "<title>Sir William Lucas</title>"+emails("william@lucas.example", "*lodge@lucas.example")).want(t, http.StatusCreated).entry(t)

	t.Run("DUP-1 any address of a contact of the domain is taken, in every version", func(t *testing.T) {
		before := w.do(admin, "GET", sharedFull, "").want(t, http.StatusOK).feed(t).Total
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			for _, taken := range []string{
				emails("william@lucas.example"), emails("lodge@lucas.example"), emails("*lodge@lucas.example"),
				emails("maria@lucas.example", "william@lucas.example", "*other@lucas.example"),
			} {
				post(version, taken).want(t, http.StatusConflict)
			}
		}
		if after := w.do(admin, "GET", sharedFull, "").want(t, http.StatusOK).feed(t).Total; after != before {
			t.Errorf("%d contacts, want %d", after, before)
		}
	})

	t.Run("DUP-2 in lower case and without blanks", func(t *testing.T) {
		for _, same := range []string{"William@LUCAS.example", " william@lucas.example ", "&#9;WILLIAM@lucas.example"} {
			post("3.0", emails(same)).want(t, http.StatusConflict)
		}
		post("3.0", emails("w.illiam@lucas.example")).want(t, http.StatusCreated)
	})

	t.Run("DUP-5 updates are not checked", func(t *testing.T) {
		e := post("3.0", "<title>Charlotte Lucas</title>"+emails("charlotte@lucas.example")).want(t, http.StatusCreated).entry(t)
		for _, version := range []string{"1.0", "3.0"} {
			w.do(admin, "PUT", e.link("self"), atom(emails("*william@lucas.example")), "GData-Version", version, "If-Match", "*").want(t, http.StatusOK)
		}
		w.do(admin, "DELETE", e.link("self"), "").want(t, http.StatusOK)
	})

	t.Run("DUP-5 tombstones do not count, and addresses given up are free", func(t *testing.T) {
		e := post("3.0", emails("old@lucas.example", "older@lucas.example")).want(t, http.StatusCreated).entry(t)
		w.do(admin, "PUT", e.link("self"), atom(emails("older@lucas.example")), "GData-Version", "3.0", "If-Match", "*").want(t, http.StatusOK)
		post("3.0", emails("old@lucas.example")).want(t, http.StatusCreated)
		post("3.0", emails("older@lucas.example")).want(t, http.StatusConflict)
		w.do(admin, "DELETE", e.link("self"), "").want(t, http.StatusOK)
		post("1.0", emails("older@lucas.example")).want(t, http.StatusCreated)
	})

	t.Run("DUP-6 ERR-46 the answer is an error body", func(t *testing.T) {
		a := post("1.0", emails("william@lucas.example")).want(t, http.StatusConflict)
		if a.Body != "Duplicate e-mail address" || a.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
			t.Errorf("version 1: %s %q", a.Header.Get("Content-Type"), a.Body)
		}
		for _, version := range []string{"2.0", "3.0"} {
			a := post(version, emails("william@lucas.example")).wantReason(t, http.StatusConflict, "<internalReason>Duplicate e-mail address</internalReason>")
			a.wantText(t, "<code>VersionConflictException</code>").wantNoText(t, "<entry")
		}
	})

	t.Run("DUP-7 equal addresses within a new contact are none", func(t *testing.T) {
		for _, version := range []string{"1.0", "3.0"} {
			e := post(version, emails("twice"+version+"@lucas.example", "TWICE"+version+"@lucas.example")).want(t, http.StatusCreated).entry(t)
			if len(e.Emails) != 2 {
				t.Errorf("e-mails %v", e.Emails)
			}
		}
	})

	t.Run("DUP-1 the books of others do not count", func(t *testing.T) {
		w.as("1.0", "POST", contactsFull, atom(emails("*lodge@lucas.example"))).want(t, http.StatusCreated)
		w.do(bingley, "POST", strings.Replace(sharedFull, domain, "netherfield.example", 1), atom(emails("lodge@lucas.example"))).want(t, http.StatusCreated)
		if e := w.do(admin, "GET", first.link("self"), "").want(t, http.StatusOK).entry(t); e.Title != "Sir William Lucas" {
			t.Errorf("title %q", e.Title)
		}
	})
}

func TestDuplicatesOfUser(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name     string
		stored   string // e-mail addresses
		sent     string
		conflict bool // in version 1
	}{
		{"DUP-3 two primary addresses", emails("*jane@example.org", "j@example.org"), emails("bennet@example.org", "*jane@example.org"), true},
		{"DUP-3 two sole addresses", emails("jane@example.org"), emails("jane@example.org"), true},
		{"DUP-3 a sole and a primary address", emails("jane@example.org"), emails("*jane@example.org", "j@example.org"), true},
		{"DUP-2 DUP-3 in another letter case", emails("jane@example.org"), emails("Jane@Example.ORG"), true},
		{"DUP-3 the stored address is not primary", emails("jane@example.org", "*j@example.org"), emails("jane@example.org"), false},
		{"DUP-3 the stored address is one of two, none primary", emails("jane@example.org", "j@example.org"), emails("jane@example.org"), false},
		{"DUP-3 the new address is not primary", emails("jane@example.org"), emails("jane@example.org", "*bingley@example.org"), false},
		{"DUP-3 the new address is one of two, none primary", emails("jane@example.org"), emails("jane@example.org", "bingley@example.org"), false},
		{"DUP-3 another address", emails("jane@example.org"), emails("jane@example.com"), false},
		{"DUP-7 equal addresses within the new contact", "", emails("*jane@example.org", "jane@example.org"), false},
		{"DUP-3 no address", "", "", false},
	} {
		t.Run(tc.name+", DUP-4 VER-34 in version 1 alone", func(t *testing.T) {
			for _, version := range []string{"2.0", "3.0", "1.0"} {
				stored := w.add(t, contactsFull, tc.stored)
				want := http.StatusCreated
				if version == "1.0" && tc.conflict {
					want = http.StatusConflict
				}
				a := w.as(version, "POST", contactsFull, atom(tc.sent)).want(t, want)
				if want == http.StatusConflict && a.Body != "Duplicate e-mail address" {
					t.Errorf("body %q", a.Body)
				}
				if want == http.StatusCreated {
					w.remove(t, a.entry(t))
				}
				w.remove(t, stored) // DUP-5: then the address is free again
				w.remove(t, w.as(version, "POST", contactsFull, atom(tc.sent)).want(t, http.StatusCreated).entry(t))
			}
		})
	}

	t.Run("DUP-5 a tombstone or an update is no duplicate in version 1", func(t *testing.T) {
		e := w.as("1.0", "POST", contactsFull, atom(jane)).want(t, http.StatusCreated).entry(t)
		other := w.as("1.0", "POST", contactsFull, named("Mary")).want(t, http.StatusCreated).entry(t)
		w.as("1.0", "PUT", other.link("edit"), atom(jane)).want(t, http.StatusOK)
		w.remove(t, e)
		w.remove(t, other)
		w.as("1.0", "POST", contactsFull, atom(jane)).want(t, http.StatusCreated)
	})
}
