package gdata_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A wireConn speaks to a server byte by byte, for requests that no well-behaved
// client sends.
type wireConn struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

// dial opens a connection to the server.
func (w *world) dial(t testing.TB) *wireConn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wireConn{c, t, bufio.NewReader(c)}
}

// send sends text as it stands.
func (c *wireConn) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads a response to a request of the method.
func (c *wireConn) answer(method string) *answer {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Request = &http.Request{Method: method}
	return &answer{resp, string(body)}
}

// head is the head of a request of the user's, whose lines end in line feeds,
// with the token and Host added.
func (w *world) head(user, lines string) string {
	lines += "\nHost: contacts.example.net\nAuthorization: GoogleLogin auth=" + w.token(user) + "\n\n"
	return strings.ReplaceAll(lines, "\n", "\r\n")
}
