package gdata_test

import (
	"net/http"
	"strings"
	"testing"
)

// fullName is a gd:name with a full name alone.
func fullName(name string) string {
	return "<gd:name><gd:fullName>" + name + "</gd:fullName></gd:name>"
}

// names is the gd:name of the answer, as it stands, or empty.
func (a *answer) names() string {
	_, after, ok := strings.Cut(a.Body, "<gd:name>")
	name, _, _ := strings.Cut(after, "</gd:name>")
	if !ok {
		return ""
	}
	return name
}

func TestNames(t *testing.T) {
	w := newWorld(t)

	t.Run("NAME-1 versions 1 and 2 write and read the name as title", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0"} {
			e := w.as(version, "POST", contactsFull, named("Elizabeth Bennet")).want(t, http.StatusCreated).entry(t)
			a := w.as(version, "PUT", e.link("edit"), named("Elizabeth Darcy"), "If-Match", "*").want(t, http.StatusOK)
			if e = a.entry(t); e.Title != "Elizabeth Darcy" || a.names() != "" {
				t.Errorf("version %s: title %q, name %q", version, e.Title, a.names())
			}
			a = w.read(t, e.link("self"))
			if e = a.entry(t); e.Title != "Elizabeth Darcy" || e.Name.Full != "Elizabeth Darcy" {
				t.Errorf("version 3 after %s: title %q, full name %q", version, e.Title, e.Name.Full)
			}
		}
	})

	t.Run("NAME-1 the title is the full name", func(t *testing.T) {
		path := w.add(t, contactsFull, "<gd:name><gd:fullName>Lizzy</gd:fullName><gd:givenName>Elizabeth</gd:givenName></gd:name>").link("self")
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			if got := w.as(version, "GET", path, "").want(t, http.StatusOK).entry(t).Title; got != "Lizzy" {
				t.Errorf("version %s: title %q", version, got)
			}
		}
	})

	t.Run("NAME-2 in version 3 a title counts only without gd:name", func(t *testing.T) {
		both := "<title>Kitty</title>" + fullName("Catherine Bennet")
		e := w.add(t, contactsFull, both)
		if e.Title != "Catherine Bennet" || e.Name.Full != "Catherine Bennet" {
			t.Errorf("inserted with both: %+v", e)
		}
		for _, empty := range []string{"", "<gd:name/>", "<gd:name><gd:givenName> </gd:givenName></gd:name>"} {
			if got := w.add(t, contactsFull, "<title>Kitty Bennet</title>"+empty); got.Title != "Kitty Bennet" || got.Name.Given != "Kitty" {
				t.Errorf("inserted with a title and %q: %+v", empty, got)
			}
			if got := w.replace(t, e.link("edit"), "<title>Kitty Bennet</title>"+empty).entry(t); got.Title != "Kitty Bennet" || got.Name.Family != "Bennet" {
				t.Errorf("updated with a title and %q: %+v", empty, got)
			}
		}
		if got := w.replace(t, e.link("edit"), both).entry(t); got.Title != "Catherine Bennet" || got.Name.Family != "Bennet" {
			t.Errorf("updated with both: %+v", got)
		}
	})

	for _, tc := range []struct{ name, sent, want string }{
		{"NAME-3 two words", fullName("Elizabeth Bennet"),
			"<gd:fullName>Elizabeth Bennet</gd:fullName><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet</gd:familyName>"},
		{"NAME-3 words between are additional", fullName("Lady Catherine de Bourgh"),
			"<gd:fullName>Lady Catherine de Bourgh</gd:fullName><gd:givenName>Lady</gd:givenName><gd:additionalName>Catherine de</gd:additionalName><gd:familyName>Bourgh</gd:familyName>"},
		{"NAME-3 a single word", fullName("Lizzy"), "<gd:fullName>Lizzy</gd:fullName><gd:givenName>Lizzy</gd:givenName>"},
		{"NAME-4 parts in any order", "<gd:name><gd:nameSuffix>Esq.</gd:nameSuffix><gd:familyName>Darcy</gd:familyName><gd:givenName>Fitzwilliam</gd:givenName><gd:additionalName>G.</gd:additionalName><gd:namePrefix>Mr</gd:namePrefix></gd:name>",
			"<gd:fullName>Mr Fitzwilliam G. Darcy Esq.</gd:fullName><gd:namePrefix>Mr</gd:namePrefix><gd:givenName>Fitzwilliam</gd:givenName><gd:additionalName>G.</gd:additionalName><gd:familyName>Darcy</gd:familyName><gd:nameSuffix>Esq.</gd:nameSuffix>"},
		{"NAME-4 one part", "<gd:name><gd:familyName>Wickham</gd:familyName></gd:name>", "<gd:fullName>Wickham</gd:fullName><gd:familyName>Wickham</gd:familyName>"},
		{"NAME-5 a contradiction stays", "<gd:name><gd:fullName>Toby</gd:fullName><gd:givenName>Brian</gd:givenName></gd:name>",
			"<gd:fullName>Toby</gd:fullName><gd:givenName>Brian</gd:givenName>"},
		{"NAME-6 no name", "", ""},
		{"NAME-6 an empty name", "<gd:name/>", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := w.as("3.0", "POST", contactsFull, atom(tc.sent)).want(t, http.StatusCreated)
			if got := a.names(); got != tc.want {
				t.Errorf("name after insert %q, want %q", got, tc.want)
			}
			edit := w.add(t, contactsFull, fullName("Mary Ann King")).link("edit")
			w.replace(t, edit, tc.sent)
			if got := w.read(t, edit).names(); got != tc.want {
				t.Errorf("name after update %q, want %q", got, tc.want)
			}
		})
	}

	t.Run("NAME-6 NAME-9 a contact without anything has an empty title", func(t *testing.T) {
		for version, title := range map[string]string{"1.0": "<title type='text'></title>", "2.0": "<title/>", "3.0": "<title/>"} {
			a := w.as(version, "POST", contactsFull, atom("")).want(t, http.StatusCreated).wantText(t, title).wantNoText(t, "gd:name")
			w.as(version, "GET", a.entry(t).link("self"), "").want(t, http.StatusOK).wantText(t, title)
		}
		w.do(admin, "POST", sharedFull, atom("")).want(t, http.StatusCreated).wantNoText(t, "gd:name")
	})

	t.Run("NAME-8 an insert of versions 1 and 2 with title and gd:name takes gd:name", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0"} {
			e := w.as(version, "POST", contactsFull, atom("<title>Lizzy</title><gd:name><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet</gd:familyName></gd:name>")).want(t, http.StatusCreated).entry(t)
			if e.Title != "Elizabeth Bennet" {
				t.Errorf("version %s: title %q", version, e.Title)
			}
			e = w.as(version, "POST", contactsFull, atom("<title>Lizzy Bennet</title><gd:name/>")).want(t, http.StatusCreated).entry(t)
			if got := w.read(t, e.link("self")).entry(t); got.Title != "Lizzy Bennet" || got.Name.Family != "Bennet" {
				t.Errorf("version %s with an empty gd:name: %+v", version, got)
			}
		}
	})
}

// TestNameUpdates walks the cases of an update by a client that knows the
// title alone.
func TestNameUpdates(t *testing.T) {
	const stored = "<gd:name><gd:fullName>Lady Catherine de Bourgh</gd:fullName><gd:namePrefix>Lady</gd:namePrefix><gd:givenName yomi='kathrin'>Catherine</gd:givenName><gd:familyName>de Bourgh</gd:familyName></gd:name>"
	const other = "<gd:name><gd:fullName>Lady Catherine de Bourgh</gd:fullName><gd:givenName>Kate</gd:givenName></gd:name>"
	inner := func(name string) string {
		return strings.TrimSuffix(strings.TrimPrefix(name, "<gd:name>"), "</gd:name>")
	}
	const same = "<title>Lady Catherine de Bourgh</title>"

	w := newWorld(t)
	for _, tc := range []struct{ name, sent, want string }{
		{"NAME-7 VER-54 an equal title keeps the stored parts", same, inner(stored)},
		{"NAME-7 an equal title in line breaks", "<title>\n Lady Catherine de Bourgh\n</title>", inner(stored)},
		{"NAME-7 another title replaces the name", "<title>Anne de Bourgh</title>",
			"<gd:fullName>Anne de Bourgh</gd:fullName><gd:givenName>Anne</gd:givenName><gd:additionalName>de</gd:additionalName><gd:familyName>Bourgh</gd:familyName>"},
		{"NAME-7 a title that differs in letter case is another", "<title>lady Catherine De Bourgh</title>",
			"<gd:fullName>lady Catherine De Bourgh</gd:fullName><gd:givenName>lady</gd:givenName><gd:additionalName>Catherine De</gd:additionalName><gd:familyName>Bourgh</gd:familyName>"},
		{"NAME-7 an equal title beside another gd:name", same + other, inner(other)},
		{"NAME-7 an equal title beside an equal gd:name", same + stored, inner(stored)},
		{"NAME-7 an equal title beside an empty gd:name", same + "<gd:name/>", inner(stored)},
		{"NAME-7 another title wins over gd:name", "<title>Anne</title>" + other, "<gd:fullName>Anne</gd:fullName><gd:givenName>Anne</gd:givenName>"},
		{"NAME-7 an empty title removes the name", "<title/>", ""},
		{"NAME-7 gd:name without title is applied", other, inner(other)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, version := range []string{"1.0", "2.0"} {
				self := w.add(t, contactsFull, stored).link("self")
				w.as(version, "PUT", self, atom(tc.sent), "If-Match", "*").want(t, http.StatusOK)
				if got := w.read(t, self).names(); got != tc.want {
					t.Errorf("version %s: name %q, want %q", version, got, tc.want)
				}

				e := w.do(admin, "POST", sharedFull, atom(stored)).want(t, http.StatusCreated).entry(t)
				w.do(admin, "PUT", e.link("self"), atom(tc.sent), "GData-Version", version, "If-Match", "*").want(t, http.StatusOK)
				if got := w.do(admin, "GET", e.link("self"), "").want(t, http.StatusOK).names(); got != tc.want {
					t.Errorf("version %s, shared: name %q, want %q", version, got, tc.want)
				}
			}
		})
	}

	t.Run("NAME-7 a client that sends back what it read changes nothing", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			self := w.add(t, contactsFull, stored).link("self")
			read := w.as(version, "GET", self, "").want(t, http.StatusOK)
			w.as(version, "PUT", read.entry(t).link("edit"), read.Body).want(t, http.StatusOK)
			if got := w.read(t, self).names(); got != inner(stored) {
				t.Errorf("version %s: name %q, want %q", version, got, inner(stored))
			}
		}
	})
}
