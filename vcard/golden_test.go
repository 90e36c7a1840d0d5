package vcard

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the sections of testdata that are computed")

// Each file of testdata is a card as one program writes it, in our words, with
// what becomes of it: the contact, and the cards written from it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d files in testdata, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sent := ar.Files[0]
			if sent.Name != "sent" {
				t.Fatalf("first section %s, want sent", sent.Name)
			}
			want := map[string]string{}
			for _, f := range ar.Files[1:] {
				want[f.Name] = string(f.Data)
			}
			got := computed(t, sent.Data)
			if *update {
				ar.Files = append(ar.Files[:1:1], got...)
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, f := range got {
				if string(f.Data) != want[f.Name] {
					t.Errorf("%s:\n%s\nwant\n%s", f.Name, f.Data, want[f.Name])
				}
			}
		})
	}
}

// computed is what becomes of the cards of a file.
func computed(t *testing.T, sent []byte) []txtar.File {
	var dump, v3, v4 bytes.Buffer
	r := NewReader(bytes.NewReader(sent))
	for {
		c, err := r.Next()
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			fmt.Fprintf(&dump, "damaged: %v\n", damaged)
			continue
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		im := c.Import()
		if err := im.Contact.Validate(); err != nil {
			t.Errorf("Validate() = %v", err)
		}
		fmt.Fprintf(&dump, "card of line %d\n", c.Line)
		show(&dump, "", reflect.ValueOf(im).Elem())
		for version, to := range map[string]*bytes.Buffer{V3: &v3, V4: &v4} {
			to.Write(Append(nil, im.Contact, Options{Version: version, Photo: im.Photo, PhotoType: im.PhotoType, Categories: im.Categories, Rev: im.Rev}))
		}
	}
	unix := func(b *bytes.Buffer) []byte { return bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n")) }
	return []txtar.File{{Name: "contact", Data: dump.Bytes()}, {Name: "vcard-3.0", Data: unix(&v3)}, {Name: "vcard-4.0", Data: unix(&v4)}}
}

// show writes what is set in v, a line for each text, number and truth.
func show(w io.Writer, path string, v reflect.Value) {
	if s, ok := v.Interface().(fmt.Stringer); ok && !v.IsZero() {
		fmt.Fprintf(w, "  %s = %v\n", path, s)
		return
	}
	if b, ok := v.Interface().([]byte); ok {
		if len(b) > 0 {
			fmt.Fprintf(w, "  %s = %d bytes\n", path, len(b))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		show(w, path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				show(w, strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			show(w, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		if !v.IsZero() {
			fmt.Fprintf(w, "  %s = %#v\n", path, v)
		}
	}
}
