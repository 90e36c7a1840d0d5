package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"contacts"
	"contacts/vcard"
)

// maxCardFile is the most bytes of a file with one card.
const maxCardFile = vcard.MaxCardBytes + 1<<20

// A fileStamp tells cheaply whether a file may have changed.
type fileStamp struct {
	Size  int64 `json:"size"`
	MTime int64 `json:"mtime"` // nanoseconds since 1970
}

func stampOf(info os.FileInfo) fileStamp { return fileStamp{info.Size(), info.ModTime().UnixNano()} }

// A localFile is a card in the folder.
type localFile struct {
	name  string
	stamp fileStamp
	hash  string // of the bytes; empty until it is read

	linked  *syncEntry
	changed bool   // says something else than at the last sync
	problem string // why it cannot be used; it is left alone then

	form string // what it says, whatever way it is written; of changed and new files
	uid  string
}

// A localCard is what a file says.
type localCard struct {
	contact *contacts.Contact
	groups  []string
	photo   *Photo
	uid     string
	form    string
}

// listFolder finds the cards of a folder by name.
func listFolder(dir string) (map[string]*localFile, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	files := map[string]*localFile{}
	for _, n := range names {
		name := n.Name()
		if strings.HasPrefix(name, ".") || !strings.EqualFold(filepath.Ext(name), ".vcf") {
			continue
		}
		f := &localFile{name: name}
		info, err := os.Stat(filepath.Join(dir, name))
		switch {
		case err != nil:
			f.problem = reasonOfPath(err)
		case !info.Mode().IsRegular():
			f.problem = "not a file"
		default:
			f.stamp = stampOf(info)
		}
		files[name] = f
	}
	return files, nil
}

// reasonOfPath is what went wrong, without the path.
func reasonOfPath(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// read reads a card of the folder. It sets problem on what is not one card.
func (f *localFile) read(dir string) *localCard {
	data, err := readFile(filepath.Join(dir, f.name))
	if err != nil {
		f.problem = reasonOfPath(err)
		return nil
	}
	f.hash = hashOf(data)
	c, err := readCard(data)
	if err != nil {
		f.problem = err.Error()
		return nil
	}
	f.form, f.uid = c.form, c.uid
	return c
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCardFile+1))
	if err == nil && len(data) > maxCardFile {
		err = errors.New("the file is too large for a card")
	}
	return data, err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// readCard reads a file that has one card.
func readCard(data []byte) (*localCard, error) {
	r := vcard.NewReader(bytes.NewReader(data))
	card, err := r.Next()
	if err == io.EOF {
		return nil, errors.New("no card in it")
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.Next(); err != io.EOF {
		if err != nil {
			return nil, err
		}
		return nil, errors.New("more than one card in it; import it, or give each card a file of its own")
	}
	im := card.Import()
	if im.Group {
		return nil, errors.New("a group of cards; the folder has groups as categories")
	}
	c := &localCard{groups: im.Categories, uid: vcard.BareUID(im.UID)}
	if len(im.Photo) > 0 {
		c.photo = &Photo{Type: im.PhotoType, Data: im.Photo}
	}
	if c.contact, err = settle(im.Contact); err != nil {
		return nil, err
	}
	c.form = formOf(c)
	return c, nil
}

// formOf tells whether two cards say the same.
func formOf(c *localCard) string {
	groups := slices.Sorted(slices.Values(c.groups))
	d := c.contact.Clone()
	d.Extra = tidy(d.Extra)
	return hashOf(appendCard(nil, d, groups, c.photo, vcard.V4))
}

// cardName is a file name, without its end, for a contact: one that every
// system takes, and that no path can be made of.
func cardName(c *contacts.Contact) string {
	const most = 80                         // bytes
	name := strings.Map(func(r rune) rune { // SYNC-7
		if strings.ContainsRune(`/\:*?"<>|`, r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, nameOf(c))
	if len(name) > most {
		end := most
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end]
	}
	name = strings.Trim(name, ". ")
	if name == "" {
		return "contact"
	}
	switch base, _, _ := strings.Cut(strings.ToUpper(name), "."); base {
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9":
		return "_" + name
	}
	return name
}

// freeName is a name that no file of the folder has, in any case of letters.
func freeName(base string, taken map[string]bool) string {
	name := base + ".vcf"
	for n := 2; taken[strings.ToLower(name)]; n++ { // SYNC-7
		name = base + " (" + strconv.Itoa(n) + ").vcf"
	}
	taken[strings.ToLower(name)] = true
	return name
}

// writeFile puts a file in its place at once, and returns its stamp.
func writeFile(dir, name string, data []byte, sync bool) (fileStamp, error) {
	f, err := os.CreateTemp(dir, ".contacts-*.tmp")
	if err != nil {
		return fileStamp{}, err
	}
	defer os.Remove(f.Name()) // in vain, if it has got its name
	_, err = f.Write(data)
	if err == nil && sync {
		err = f.Sync()
	}
	var info os.FileInfo
	if err == nil {
		info, err = f.Stat()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return fileStamp{}, err
	}
	return stampOf(info), nil
}

// same reports whether a file is still as it was when the folder was listed.
func (f *localFile) same(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, f.name))
	return err == nil && stampOf(info) == f.stamp
}

// fresh is how long ago a file must have changed for its stamp to tell of any
// later change: file systems count time in steps.
const fresh = 2 * time.Second
