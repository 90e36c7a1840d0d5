package reply

import (
	"bytes"
	"html"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// drainLimit is how much of an unread request body is read before the
	// connection ends, so that the client reads the answer instead of failing
	// to send.
	drainLimit = 256 << 10

	lingerTime = 5 * time.Second // a client may be slow to notice that its connection ends
	writeTime  = 10 * time.Second
)

// Unauthorized answers with status 401, message as the reason phrase and on a
// small page (ERR-6), and challenge as WWW-Authenticate. Headers that are
// already set go out too.
//
// net/http fixes the reason phrase, but some clients look for the message
// there. So on HTTP/1 the answer is written to the connection, which is then
// given back to the server for the next request. Where that cannot be done the
// phrase is the usual one.
func Unauthorized(w http.ResponseWriter, r *http.Request, challenge, message string) {
	page := "<html>\n<head>\n<title>" + html.EscapeString(message) + "</title>\n</head>\n<body>\n<h1>" + // ERR-6
		html.EscapeString(message) + "</h1>\n<h2>Error 401</h2>\n</body>\n</html>\n" // ERR-6
	h := w.Header()
	h.Set("WWW-Authenticate", challenge) // AUTH-9
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, max-age=0") // ERR-9
	}
	body := page
	if r.Method == http.MethodHead {
		body = ""
	}
	if r.ProtoMajor == 1 && unauthorizedRaw(w, r, message, body) {
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
	io.WriteString(w, body)
}

// unauthorizedRaw writes the answer to the connection itself. It returns false
// if the connection is not to be had; then nothing was written.
func unauthorizedRaw(w http.ResponseWriter, r *http.Request, message, body string) bool {
	drained := drain(r)
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	stays := drained && r.ProtoAtLeast(1, 1) && !r.Close && buf.Reader.Buffered() == 0 // AUTH-136

	h := w.Header()
	if !stays {
		h.Set("Connection", "close")
	}
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if rec := recorderOf(w); rec != nil {
		rec.status, rec.bytes = http.StatusUnauthorized, int64(len(body))
		h.Set(requestIDHeader, rec.id) // OPS-55
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1." + strconv.Itoa(r.ProtoMinor) + " 401 " + phrase(message) + "\r\n") // AUTH-10
	h.Write(&b)
	b.WriteString("\r\n")
	b.WriteString(body)
	conn.SetDeadline(time.Now().Add(writeTime))
	_, err = conn.Write(b.Bytes())
	if err == nil && stays {
		conn.SetDeadline(time.Time{}) // the server sets its own
		giveBack(r, conn)
		return true
	}
	if err == nil && !drained {
		linger(conn)
	}
	conn.Close()
	return true
}

// giveBack has the server of r answer further requests on conn, or closes conn
// if that server is stopping.
func giveBack(r *http.Request, conn net.Conn) {
	one := &listenerOfOne{conn: conn}
	r.Context().Value(http.ServerContextKey).(*http.Server).Serve(one) // goes as it came: with an error, as there is no second
	if one.conn != nil {
		conn.Close()
	}
}

// A listenerOfOne accepts conn, and nothing more.
type listenerOfOne struct{ conn net.Conn }

func (l *listenerOfOne) Accept() (net.Conn, error) {
	c := l.conn
	if c == nil {
		return nil, net.ErrClosed
	}
	l.conn = nil
	return c, nil
}

func (l *listenerOfOne) Close() error { return nil }

func (l *listenerOfOne) Addr() net.Addr { return nil }

// drain reads the rest of r's body, if that is short, and reports whether it
// did. A client that waits for leave to send its body is not given it.
func drain(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return true
	}
	if r.ContentLength > drainLimit || r.Header.Get("Expect") != "" {
		return false
	}
	_, err := io.CopyN(io.Discard, r.Body, drainLimit)
	return err == io.EOF
}

// linger ends the sending side of the connection and reads on a little, as a
// connection closed with unread input would take the answer back.
func linger(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); !ok || c.CloseWrite() != nil {
		return
	}
	conn.SetReadDeadline(time.Now().Add(lingerTime))
	io.Copy(io.Discard, conn)
}

// phrase makes s fit for the first line of an answer.
func phrase(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f {
			return ' '
		}
		return c
	}, s)
}
