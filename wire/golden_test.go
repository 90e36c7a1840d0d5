package wire

import (
	"encoding/hex"
	cmdline "flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"contacts"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = cmdline.Bool("update", false, "rewrite testdata/*.txtar")

// goldenForms are the sections of a file after the first, which is the entry as
// a client sent it.
var goldenForms = []struct {
	name   string
	format Format
	view   Options
}{
	{"atom-v1", Atom, user(1, ContactKind)},
	{"atom-v2", Atom, user(2, ContactKind)},
	{"atom-v3", Atom, user(3, ContactKind)},
	{"shared-v1", Atom, shared(1)},
	{"shared-v3", Atom, shared(3)},
	{"json-v1", JSON, user(1, ContactKind)},
	{"json-v3", JSON, user(3, ContactKind)},
	{"rss-v1", RSS, user(1, ContactKind)},
	{"rss-v3", RSS, user(3, ContactKind)},
}

// Each file holds one contact or group in every form. The comment has what the
// server gives: ID, revision, creation, photo.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run("XML-2 XML-7 XML-10 ELEM-7 ELEM-14 JSON-13 VER-53 VER-55 RSS-19 "+name, func(t *testing.T) {
			if strings.HasPrefix(name, "group-") {
				goldenGroup(t, file)
			} else {
				goldenContact(t, file)
			}
		})
	}
}

func goldenContact(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ParseContact(a.Files[0].Data, groupOf)
	if err != nil {
		t.Fatal(err)
	}
	c := e.Contact
	if c.Name.IsZero() {
		c.Name.SetFull(e.Title) // NAME-2
	}
	c.Normalize()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(a.Comment), "id %x rev %d created %d photo %s", &c.ID, &c.Rev, &c.Created, &c.Photo.Version); err != nil {
		t.Fatal(err)
	}
	c.Photo.Version = strings.Trim(c.Photo.Version, "-")

	golden(t, file, a, AppendStoredContact(nil, c), func(o Options) string {
		return string(NewEncoder(o).AppendContactDocument(nil, c))
	}, func(o Options, doc string) string {
		e := parse(t, doc)
		again := e.Contact
		if again.Name.IsZero() {
			again.Name.SetFull(e.Title)
		}
		again.Normalize()
		if o.View.Parts() {
			want := c.Clone()
			want.Photo = contacts.Photo{}
			for i := range want.Addresses {
				if o.View.Version == 3 {
					want.Addresses[i].Plain = false
				}
			}
			equalContacts(t, again, want)
		}
		again.ID, again.Rev, again.Created, again.Photo = c.ID, c.Rev, c.Created, c.Photo
		return string(NewEncoder(o).AppendContactDocument(nil, again))
	})

	var stored contacts.Contact
	if err := ReadStoredContact(string(AppendStoredContact(nil, c)), &stored); err != nil {
		t.Fatal(err)
	}
	equalContacts(t, &stored, c)
}

func goldenGroup(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ParseGroup(a.Files[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	g := e.Group
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(a.Comment), "id %x rev %d created %d", &g.ID, &g.Rev, &g.Created); err != nil {
		t.Fatal(err)
	}
	write := func(o Options, g *contacts.Group) string {
		o.Kind = GroupKind
		return string(NewEncoder(o).AppendGroupDocument(nil, g))
	}
	golden(t, file, a, AppendStoredGroup(nil, g), func(o Options) string { return write(o, g) }, func(o Options, doc string) string {
		e, err := ParseGroup([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		e.Group.ID, e.Group.Rev, e.Group.Created = g.ID, g.Rev, g.Created
		if !reflect.DeepEqual(e.Group, g) {
			t.Errorf("got %+v, want %+v", e.Group, g)
		}
		return write(o, e.Group)
	})
}

// golden compares the file with what write and stored give, or rewrites it.
// Sections that can be read must be written back as they are by again.
func golden(t *testing.T, file string, a *txtar.Archive, stored []byte, write func(Options) string, again func(Options, string) string) {
	t.Helper()
	want := &txtar.Archive{Comment: a.Comment, Files: a.Files[:1:1]}
	add := func(name, text string) {
		want.Files = append(want.Files, txtar.File{Name: name, Data: []byte(text + "\n")})
	}
	for _, form := range goldenForms {
		o := form.view
		o.Format = form.format
		doc := write(o)
		add(form.name, doc)
		switch form.format {
		case Atom:
			equal(t, again(o, doc), doc)
		case JSON:
			if err := uniqueMembers([]byte(doc)); err != nil {
				t.Error(err)
			}
		case RSS:
			if _, err := scan([]byte(doc)); err != nil {
				t.Error(err)
			}
		}
	}
	add("stored", hex.EncodeToString(stored))
	if *update {
		if err := os.WriteFile(file, txtar.Format(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	equal(t, string(txtar.Format(a)), string(txtar.Format(want)))
}
