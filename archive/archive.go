// Package archive is the form of a backup file. It knows what such a file
// looks like and whether it is whole; what the files in it mean is the
// caller's matter, which is package server.
//
// A backup is a tar archive, compressed with Zstandard:
//
//	manifest.json   what the backup is, see Manifest
//	...             the files that the manifest lists, in its order
//	SHA256SUMS      the checksum of every file before, as sha256sum -c reads it
//
// So without this program the usual tools unpack and check it. The manifest
// comes first, to be read without the rest, and the checksums last, so that the
// writer passes over the data once. A file that ends before the checksums is
// not whole.
package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Format is the version of the form. A reader takes those up to its own.
const Format = 1

const (
	manifestName = "manifest.json"
	sumsName     = "SHA256SUMS"

	maxManifest = 256 << 20 // bytes
	maxWindow   = 8 << 20   // bytes of memory that a reader gives the decompressor
)

// A Manifest says what a backup is.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // that wrote it, with its version
	Time    time.Time `json:"time"`    // of the state that the backup holds
	Schema  int       `json:"schema"`  // of the database
	Owners  []Owner   `json:"owners"`
	Files   []File    `json:"files"`
}

// An Owner is an account in the backup, and how much it has.
type Owner struct {
	Owner      int64  `json:"owner"`
	Name       string `json:"name,omitempty"` // e-mail address or domain; empty for what is left of a removed account
	Rev        int64  `json:"rev"`            // of the book
	Contacts   int    `json:"contacts"`
	Groups     int    `json:"groups"`
	Photos     int    `json:"photos"`
	Tombstones int    `json:"tombstones"` // of both kinds
}

// A File is one file of the backup.
type File struct {
	Name string `json:"name"` // a path below the data directory, with slashes
	Size int64  `json:"size"`
}

// Errors of reading. Both come with a sentence for the user.
var (
	ErrForeign = errors.New("this is not a backup of contactsd")
	ErrDamaged = errors.New("the backup is damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// A Writer writes a backup: the files that its manifest lists, in order, then
// Close.
type Writer struct {
	compressor *zstd.Encoder
	tar        *tar.Writer
	m          Manifest
	next       int // file of the manifest to be written
	sums       bytes.Buffer
}

// NewWriter writes the head of a backup with the manifest to w. It sets the
// manifest's Format.
func NewWriter(w io.Writer, m Manifest) (*Writer, error) {
	m.Format = Format
	// One goroutine: a backup shall leave the processors to the server.
	compressor, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	a := &Writer{compressor: compressor, tar: tar.NewWriter(compressor), m: m}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return a, a.add(manifestName, int64(len(text)+1), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// File writes the next file of the manifest. fill must write as many bytes as
// the manifest says.
func (a *Writer) File(name string, fill func(io.Writer) error) error {
	if a.next >= len(a.m.Files) || a.m.Files[a.next].Name != name {
		return fmt.Errorf("archive: %s is not the next file of the manifest", name)
	}
	f := a.m.Files[a.next]
	a.next++
	return a.add(name, f.Size, fill)
}

func (a *Writer) add(name string, size int64, fill func(io.Writer) error) error {
	err := a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.m.Time, Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	sum := sha256.New()
	if err := fill(io.MultiWriter(a.tar, sum)); err != nil {
		return err
	}
	if err := a.tar.Flush(); err != nil { // fails if bytes are missing
		return fmt.Errorf("archive: %s: %w", name, err)
	}
	if name != sumsName {
		fmt.Fprintf(&a.sums, "%x  %s\n", sum.Sum(nil), name)
	}
	return nil
}

// Close writes the end. It does not close the underlying writer.
func (a *Writer) Close() error {
	if a.next != len(a.m.Files) {
		return fmt.Errorf("archive: %s was not written", a.m.Files[a.next].Name)
	}
	err := a.add(sumsName, int64(a.sums.Len()), func(w io.Writer) error {
		_, err := w.Write(a.sums.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), a.compressor.Close()) // OPS-5
}

// Abort gives up a backup half-way.
func (a *Writer) Abort() { a.compressor.Close() }

// A Reader reads a backup.
type Reader struct {
	in           io.Reader
	decompressor *zstd.Decoder
	tar          *tar.Reader
	m            Manifest
	sums         []string // lines of SHA256SUMS as they should be
}

// The first bytes of every file that Zstandard compressed.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// NewReader reads the manifest of a backup. It fails with ErrForeign for a file
// that is something else, with ErrDamaged, and, naming both versions, for a
// backup in a form that is newer than Format.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(len(zstdMagic))
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case len(head) == 0:
		return nil, damaged("it is empty")
	case !bytes.Equal(head, zstdMagic):
		return nil, ErrForeign // OPS-12
	}
	decompressor, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	a := &Reader{in: in, decompressor: decompressor, tar: tar.NewReader(decompressor)}
	if err := a.readManifest(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *Reader) readManifest() error {
	h, err := a.tar.Next()
	if errors.Is(err, tar.ErrHeader) || err == io.EOF {
		return ErrForeign // OPS-12
	}
	if err != nil {
		return a.broken(err)
	}
	if h.Name != manifestName || h.Typeflag != tar.TypeReg {
		return ErrForeign // OPS-12
	}
	if h.Size > maxManifest {
		return damaged("its manifest has %d bytes", h.Size)
	}
	sum := sha256.New()
	text, err := io.ReadAll(io.TeeReader(a.tar, sum))
	if err != nil {
		return a.broken(err)
	}
	var version struct{ Format int }
	if err := json.Unmarshal(text, &version); err != nil || version.Format < 1 {
		return damaged("its manifest cannot be read")
	}
	if version.Format > Format { // OPS-12
		return fmt.Errorf("the backup has the form %d and this program reads up to %d: use the version of contactsd that wrote it, or a newer one",
			version.Format, Format)
	}
	if err := json.Unmarshal(text, &a.m); err != nil {
		return damaged("its manifest cannot be read: %v", err)
	}
	for i, f := range a.m.Files {
		if !validName(f.Name) || f.Size < 0 {
			return damaged("its manifest names the file %q", f.Name)
		}
		for _, other := range a.m.Files[:i] {
			if other.Name == f.Name {
				return damaged("its manifest names the file %q twice", f.Name)
			}
		}
	}
	a.note(sum, manifestName)
	return nil
}

// validName reports whether name is a plain path below a directory on every
// system.
func validName(name string) bool {
	return name == path.Clean(name) && filepath.IsLocal(name) && !strings.ContainsAny(name, "\\:\x00\n") &&
		name != "." && name != manifestName && name != sumsName
}

func (a *Reader) note(sum hash.Hash, name string) {
	a.sums = append(a.sums, hex.EncodeToString(sum.Sum(nil))+"  "+name)
}

// Manifest returns the manifest, which is not verified before Files has ended.
func (a *Reader) Manifest() Manifest { return a.m }

// Files calls each for every file, in order, with its bytes. When Files returns
// nil, everything that each was given is what the writer wrote, and it was all;
// until then nothing may be relied on. It fails with ErrDamaged, or with each's
// error. It is called once.
func (a *Reader) Files(each func(f File, r io.Reader) error) error {
	for _, f := range a.m.Files {
		if err := a.next(f.Name, f.Size); err != nil {
			return err
		}
		sum := sha256.New()
		body := &bodyReader{r: io.TeeReader(a.tar, sum), broken: a.broken}
		if err := each(f, body); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
		a.note(sum, f.Name)
	}
	want := strings.Join(a.sums, "\n") + "\n"
	if err := a.next(sumsName, int64(len(want))); err != nil {
		return err
	}
	got, err := io.ReadAll(a.tar)
	if err != nil {
		return a.broken(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(got), "\n"), "\n") {
		if i >= len(a.sums) || line != a.sums[i] {
			_, name, _ := strings.Cut(a.sums[min(i, len(a.sums)-1)], "  ")
			return damaged("the checksum of %s is wrong", name) // OPS-5
		}
	}
	if string(got) != want {
		return damaged("its list of checksums ends too early") // OPS-5
	}
	if _, err := a.tar.Next(); err != io.EOF {
		if err == nil {
			return damaged("there is something after its end")
		}
		return a.broken(err)
	}
	if rest, err := io.Copy(io.Discard, a.decompressor); err != nil { // checks the checksum of the whole
		return a.broken(err)
	} else if rest > 0 {
		return damaged("there is something after its end")
	}
	return nil
}

// next goes to the next file, which must be the one named.
func (a *Reader) next(name string, size int64) error {
	h, err := a.tar.Next()
	if err != nil {
		return a.broken(err)
	}
	if h.Name != name || h.Typeflag != tar.TypeReg {
		return damaged("%s is not where it should be", name)
	}
	if h.Size != size {
		return damaged("%s has %d bytes instead of %d", name, h.Size, size)
	}
	return nil
}

// broken is the error of a backup that cannot be read on. What the
// decompressor and tar say of bytes is for experts.
func (a *Reader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("it ends too early; it was not written or copied to its end") // OPS-5
	}
	return damaged("it cannot be read on (%v)", err) // OPS-5
}

// Close ends reading. It does not close the underlying reader.
func (a *Reader) Close() { a.decompressor.Close() }

// A bodyReader words the errors of reading a file.
type bodyReader struct {
	r      io.Reader
	broken func(error) error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = b.broken(err)
	}
	return n, err
}
