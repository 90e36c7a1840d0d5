package reply

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"contacts"
)

// MaxBody is the largest request body that data URLs take (RES-65).
const MaxBody = 10 << 20

// firstRead is the buffer that a body gets on its client's word alone; beyond
// it, memory follows what has arrived.
const firstRead = 64 << 10

// ReadBody returns the body of r, unpacked if it is gzip. It fails with kind
// TooLarge for more than limit bytes, packed or unpacked, with kind Unsupported
// for another encoding, and with kind Invalid for a body that breaks off or
// cannot be unpacked.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	var zip bool
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
	case "gzip", "x-gzip":
		zip = true
	default:
		return nil, contacts.Errorf(contacts.Unsupported, contacts.CodeContentType, "Unsupported content encoding")
	}
	if r.ContentLength > limit {
		return nil, errTooLarge() // RES-65
	}
	if !zip {
		return readLimited(r.Body, limit, r.ContentLength)
	}
	z, err := unzip(&capped{r.Body, limit})
	if err != nil {
		return nil, bodyError(err)
	}
	defer zips.Put(z)
	return readLimited(z, limit, 0) // COND-7
}

var zips sync.Pool // of *gzip.Reader

func unzip(from io.Reader) (*gzip.Reader, error) {
	z, ok := zips.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(from)
	}
	if err := z.Reset(from); err != nil {
		zips.Put(z)
		return nil, err
	}
	return z, nil
}

// readLimited reads all of from. The size that the client announced is a hint.
func readLimited(from io.Reader, limit, announced int64) ([]byte, error) {
	b := make([]byte, 0, min(max(announced, 0), firstRead)+512)
	for {
		n, err := from.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, errTooLarge() // ERR-49
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, bodyError(err)
		}
		if n := len(b); n == cap(b) {
			more := n // than has arrived
			if left := announced - int64(n); left > 0 {
				more = int(min(left, 4*int64(n))) + 512
			}
			b = slices.Grow(b, more)
		}
	}
}

func errTooLarge() error {
	return contacts.Errorf(contacts.TooLarge, contacts.CodeTooLarge, "The requested upload is too large")
}

func bodyError(err error) error {
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) || contacts.KindOf(err) == contacts.TooLarge {
		return errTooLarge()
	}
	return &contacts.Error{Kind: contacts.Invalid, Code: contacts.CodeParse, Reason: "The request body could not be read", Err: err}
}

// A capped reader fails with kind TooLarge after left bytes.
type capped struct {
	from io.Reader
	left int64
}

func (c *capped) Read(b []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLarge()
	}
	n, err := c.from.Read(b[:min(int64(len(b)), c.left+1)])
	if c.left -= int64(n); c.left < 0 {
		return n, errTooLarge()
	}
	return n, err
}
