package archive_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"contacts/archive"

	"github.com/klauspost/compress/zstd"
)

var sample = archive.Manifest{
	Program: "contactsd test",
	Time:    time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
	Schema:  1,
	Owners:  []archive.Owner{{Owner: 2, Name: "elizabeth@example.com", Rev: 7, Contacts: 3, Groups: 2, Photos: 1, Tombstones: 4}},
	Files:   []archive.File{{Name: "contacts.db", Size: 100_000}, {Name: "secret.key", Size: 32}, {Name: "stand-in/signer.pem", Size: 5}},
}

// content is what the sample has in a file.
func content(f archive.File) []byte {
	return bytes.Repeat([]byte(f.Name), int(f.Size)/len(f.Name)+1)[:f.Size]
}

func write(t testing.TB, m archive.Manifest) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := archive.NewWriter(&b, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		err := w.File(f.Name, func(w io.Writer) error {
			_, err := w.Write(content(f))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads a backup to its end and fails unless it is the sample.
func read(data []byte) error {
	r, err := archive.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer r.Close()
	var wrong error
	err = r.Files(func(f archive.File, body io.Reader) error {
		got, err := io.ReadAll(body)
		if err == nil && !bytes.Equal(got, content(f)) {
			wrong = fmt.Errorf("%s has other bytes than were written", f.Name)
		}
		return err
	})
	want := sample
	want.Format = archive.Format
	if err == nil && !reflect.DeepEqual(r.Manifest(), want) {
		wrong = fmt.Errorf("the manifest is %+v, want %+v", r.Manifest(), want)
	}
	if err == nil {
		return wrong
	}
	return err
}

func TestRoundTrip(t *testing.T) {
	if err := read(write(t, sample)); err != nil {
		t.Error(err)
	}
}

func TestDamage(t *testing.T) {
	whole := write(t, sample)

	t.Run("OPS-5 a backup that ends too early is refused, wherever it ends", func(t *testing.T) {
		for n := range len(whole) {
			if err := read(whole[:n]); !errors.Is(err, archive.ErrDamaged) && !(n > 0 && n < 4 && errors.Is(err, archive.ErrForeign)) {
				t.Fatalf("of %d bytes the first %d are read with %v, want %v", len(whole), n, err, archive.ErrDamaged)
			}
		}
	})

	t.Run("OPS-5 a backup with a changed byte is refused, or means the same", func(t *testing.T) {
		refused := 0
		for i := range whole {
			data := bytes.Clone(whole)
			data[i] ^= 0x10
			err := read(data)
			if err != nil && !errors.Is(err, archive.ErrDamaged) && !errors.Is(err, archive.ErrForeign) {
				t.Fatalf("with byte %d changed: %v", i, err)
			}
			if err != nil {
				refused++
			}
		}
		if refused < len(whole)*9/10 {
			t.Errorf("only %d of %d changes were noticed", refused, len(whole))
		}
	})

	t.Run("OPS-5 bytes after the end are noticed", func(t *testing.T) {
		for _, more := range [][]byte{[]byte("more"), whole} {
			if err := read(append(bytes.Clone(whole), more...)); !errors.Is(err, archive.ErrDamaged) {
				t.Errorf("%d bytes after the end: %v, want %v", len(more), err, archive.ErrDamaged)
			}
		}
	})
}

// pack makes a compressed tar archive of anything.
func pack(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	a := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		if err := a.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(a, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(a.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRefused(t *testing.T) {
	manifest := func(m archive.Manifest) string {
		m.Format = archive.Format
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	named := func(name string) string {
		return manifest(archive.Manifest{Files: []archive.File{{Name: name, Size: 1}}})
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"OPS-12 a text", []byte("It is a truth universally acknowledged"), "not a backup of contactsd"},
		{"OPS-12 a compressed text", z.EncodeAll([]byte(strings.Repeat("It is a truth universally acknowledged", 100)), nil), "not a backup of contactsd"},
		{"OPS-12 another archive", pack(t, "letter.txt", "Dear Jane"), "not a backup of contactsd"},
		{"OPS-12 a form of the future", pack(t, "manifest.json", `{"format": 99, "files": "elsewhere"}`), "form 99 and this program reads up to 1"},
		{"a manifest that is none", pack(t, "manifest.json", `{"form`), "manifest cannot be read"},
		{"a path out of the directory", pack(t, "manifest.json", named("../contacts.db")), "names the file"},
		{"a path from the root", pack(t, "manifest.json", named("/etc/passwd")), "names the file"},
		{"a path of another system", pack(t, "manifest.json", named(`C:\x`)), "names the file"},
		{"the manifest as a file", pack(t, "manifest.json", named("manifest.json")), "names the file"},
		{"a file twice", pack(t, "manifest.json", manifest(archive.Manifest{Files: []archive.File{{Name: "a"}, {Name: "a"}}})), "twice"},
		{"another file than listed", pack(t, "manifest.json", named("a"), "b", "x"), "a is not where it should be"},
		{"another size than listed", pack(t, "manifest.json", named("a"), "a", "xy"), "2 bytes instead of 1"},
		{"OPS-5 without checksums", pack(t, "manifest.json", named("a"), "a", "x"), "ends too early"},
		{"OPS-5 wrong checksums", pack(t, "manifest.json", named("a"), "a", "x", "SHA256SUMS", strings.Repeat("0", 64)+"  manifest.json\n"+strings.Repeat("0", 64)+"  a\n"), "checksum of manifest.json is wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := read(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("reading it = %v, want an error that says %q", err, tt.want)
			}
		})
	}
}

func TestWriterHoldsToItsManifest(t *testing.T) {
	nothing := func(io.Writer) error { return nil }
	for _, tt := range []struct {
		name string
		do   func(w *archive.Writer) error
	}{
		{"another file", func(w *archive.Writer) error { return w.File("secret.key", nothing) }},
		{"too few bytes", func(w *archive.Writer) error { return w.File("contacts.db", nothing) }},
		{"too many bytes", func(w *archive.Writer) error {
			return w.File("contacts.db", func(w io.Writer) error { _, err := w.Write(make([]byte, 100_001)); return err })
		}},
		{"no file", func(w *archive.Writer) error { return w.Close() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := archive.NewWriter(io.Discard, sample)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			if err := tt.do(w); err == nil {
				t.Error("the writer takes it")
			}
		})
	}
}

// What is accepted has the checksums that it says, and nothing makes the
// reader panic or write outside.
func FuzzReader(f *testing.F) {
	f.Add(write(f, sample))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := archive.NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.Close()
		var sizes int64
		err = r.Files(func(f archive.File, body io.Reader) error {
			n, err := io.Copy(io.Discard, body)
			sizes += n
			return err
		})
		if err != nil {
			return
		}
		for _, f := range r.Manifest().Files {
			sizes -= f.Size
		}
		if sizes != 0 {
			t.Errorf("the files are %d bytes larger than the manifest says", sizes)
		}
	})
}
