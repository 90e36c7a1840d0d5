package gdata_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"contacts/reply"
	"contacts/server"
)

// packed is data as gzip.
func packed(t testing.TB, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Bodies that are not what they say, or never end.
func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	e := w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201).entry(t)

	t.Run("COND-7 RES-65 ERR-49 a body that is small packed and large unpacked gives 413", func(t *testing.T) {
		w.unharmed(t, func() {
			blanks := packed(t, bytes.Repeat([]byte(" "), 10<<20))
			for name, body := range map[string]string{"10 MiB and some": packed(t, []byte(named("x"))) + blanks, "a bomb": strings.Repeat(blanks, 60)} {
				if len(body) > 1<<20 {
					t.Fatalf("%s has %d bytes packed", name, len(body))
				}
				for _, target := range []string{"POST " + contactsFull, "PUT " + e.link("self")} {
					for _, v := range []string{"1", "3"} {
						c := w.dial(t)
						c.send(w.head(elizabeth, fmt.Sprintf("%s HTTP/1.1\nGData-Version: %s\nIf-Match: *\nContent-Encoding: gzip\nContent-Length: %d", target, v, len(body))))
						go io.WriteString(c, body) // the server answers and hangs up before it has read all
						if a := c.answer("POST").want(t, 413); v == "1" && a.Body != "The requested upload is too large" {
							t.Errorf("%s: %q, want The requested upload is too large", target, a.Body)
						}
					}
				}
			}
		})
	})
	t.Run("COND-7 ERR-23 ERR-50 a body that is not packed as it says is refused", func(t *testing.T) {
		w.unharmed(t, func() {
			good := packed(t, []byte(named("x")))
			for name, body := range map[string]string{"no gzip": named("x"), "cut off": good[:len(good)-5], "damaged": good[:20] + "\xff\xff" + good[22:], "a wrong sum": good[:len(good)-8] + "12345678"} {
				for _, v := range []string{"1", "3"} {
					if a := w.as(v, "POST", contactsFull, body, "Content-Encoding", "gzip"); a.StatusCode != 400 {
						t.Errorf("%s gives %s", name, a.Status)
					}
				}
			}
			for _, coding := range []string{"br", "deflate", "gzip, gzip", "garbage"} {
				w.refused(t, e, good, 415, "", "Unsupported content encoding", "Content-Encoding", coding)
			}
			w.refused(t, e, "\x1f\x8b", 400, "ParseException", "Malformed XML")
		})
	})
	t.Run("WRT-28 ERR-23 no body gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			w.refused(t, e, "", 400, "ParseException", "The request has no body")
			w.refused(t, e, packed(t, nil), 400, "ParseException", "The request has no body", "Content-Encoding", "gzip")
		})
	})
	t.Run("ERR-49 a body that never ends gives 413", func(t *testing.T) {
		w.unharmed(t, func() {
			c := w.dial(t)
			c.send(w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\nTransfer-Encoding: chunked"))
			sent := make(chan int64)
			go func() {
				chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<16, strings.Repeat(" ", 1<<16))
				var n int64
				for { // until the server hangs up
					m, err := io.WriteString(c, chunk)
					if n += int64(m); err != nil {
						sent <- n
						return
					}
				}
			}()
			c.answer("POST").want(t, 413)
			if n := <-sent; n > 64<<20 {
				t.Errorf("the server took %d bytes before it hung up", n)
			}
		})
	})
	t.Run("RES-65 a body that is announced and breaks off stores nothing", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, head := range []string{"Content-Length: 100000", "Transfer-Encoding: chunked"} {
				c := w.dial(t)
				body := named("Half a contact")
				if strings.HasPrefix(head, "T") {
					body = fmt.Sprintf("%x\r\n%s", len(body)+100, body)
				}
				c.send(w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\n"+head) + body)
				if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				c.answer("POST").want(t, 400)
			}
		})
	})
}

// Clients that keep a connection open without saying what they want. The time
// they are given is the server's; here it is short for what does not come, and
// long for what does.
func TestSlowClients(t *testing.T) {
	w := newWorld(t)
	w.token(elizabeth)
	slow := func(t *testing.T, head, body time.Duration) *world {
		t.Helper()
		h := w.Server.Handler().(*reply.Front)
		h.ReadTimeout = body
		front := httptest.NewUnstartedServer(h)
		front.Config.ReadHeaderTimeout = head
		front.Start()
		t.Cleanup(front.Close)
		return &world{t: t, URL: front.URL, Server: w.Server, Clock: w.Clock, tokens: w.tokens}
	}

	w.unharmed(t, func() {
		t.Run("RES-65 a body that does not come in time gives 400", func(t *testing.T) {
			slow := slow(t, time.Hour, 200*time.Millisecond)
			for _, head := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 1000\nContent-Encoding: gzip", "Content-Length: 1000\nExpect: 100-continue"} {
				c := slow.dial(t)
				text := slow.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\n"+head)
				if strings.Contains(head, "Expect") {
					c.send(text)
					c.answer("POST").want(t, 100)
				} else if strings.HasPrefix(head, "T") {
					c.send(text + "100\r\n<entry ")
				} else {
					c.send(text + "<entry ")
				}
				c.answer("POST").want(t, 400) // as soon as the server has waited enough
				c.wantClosed()
			}
		})
		t.Run("RES-68 a head that does not come in time ends the connection", func(t *testing.T) {
			slow := slow(t, 50*time.Millisecond, time.Hour)
			for _, text := range []string{"", "GET", "GET " + contactsFull + " HTTP/1.1\r\nHost: x\r\nX-Slow: "} {
				c := slow.dial(t)
				c.send(text)
				c.wantClosed()
			}
		})
	})
}

// wantClosed fails the test unless the server ends the connection.
func (c *wireConn) wantClosed() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("reading to the end: %v after %q", err, rest)
	}
}

// Requests that are no HTTP, or headers that cannot be meant.
func TestBadHeaders(t *testing.T) {
	w := newWorld(t)
	e := w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201).entry(t)

	t.Run("RES-68 what is not HTTP is refused, and others are served", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, text := range []string{
				"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "HELO longbourn.example\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", "\r\n\r\nX\r\n\r\n",
				w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\nContent-Length: -1"), w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\nContent-Length: 1\nContent-Length: 2") + "ab",
				w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\nTransfer-Encoding: chunked, identity") + "0\r\n\r\n",
				w.head(elizabeth, "GET "+contactsFull+" HTTP/1.1\nX-Null: a\x00b"), w.head(elizabeth, "GET "+contactsFull+" HTTP/1.1\nNo colon"),
				w.head(elizabeth, "GET "+contactsFull+"?%zz=\x01 HTTP/1.1"), w.head(elizabeth, "GET "+contactsFull+"%zz HTTP/1.1"), w.head(elizabeth, "GET m8/feeds HTTP/1.1"),
			} {
				c := w.dial(t)
				c.send(text)
				if a := c.answer("GET"); a.StatusCode < 400 || a.StatusCode == 500 {
					t.Errorf("%q = %s", text, a.Status)
				}
			}
		})
	})
	t.Run("ERR-35 credentials that are none give 401", func(t *testing.T) {
		w.unharmed(t, func() {
			token := w.token(elizabeth)
			for _, header := range []string{
				"GoogleLogin", "GoogleLogin ", "GoogleLogin auth", "GoogleLogin auth=", `GoogleLogin auth="`, "GoogleLogin token=" + token, "Bearer " + token, "AuthSub token=" + token,
				"OAuth oauth_token=" + token, token, "GoogleLogin auth=" + token[:10], "GoogleLogin auth=" + strings.ToUpper(token), "GoogleLogin auth=" + token + "A", "GoogleLogin auth=" + token + "=",
				"GoogleLogin auth=" + strings.Repeat("A", 60_000), "GoogleLogin auth=\xff\xfe", "GoogleLogin auth=../../etc/passwd", "Basic bGl6OnB3", ", ,", "GoogleLogin auth=AAAA",
				"GoogleLogin auth=" + strings.Repeat("A", len(token)), "GoogleLogin auth=-" + token[1:],
			} {
				for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
					path := e.link("self")
					if method == "POST" {
						path = contactsFull
					}
					a := w.do("", method, path, map[string]string{"POST": named("x"), "PUT": named("x")}[method], "Authorization", header, "If-Match", "*").want(t, 401)
					if a.Header.Get("WWW-Authenticate") == "" || !strings.Contains(a.Body, "Token invalid") && !strings.Contains(a.Body, "Authorization required") {
						t.Errorf("%.80q gives %s", header, a.Body)
					}
				}
			}
		})
	})
	t.Run("ERR-35 a token that is over, revoked, or of a disabled user gives 401", func(t *testing.T) {
		short := newWorld(t, func(c *server.Config) { c.ClientLoginLife = time.Hour })
		short.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201)
		short.Clock.Add(time.Hour - time.Second)
		short.as("3", "GET", contactsFull, "").want(t, 200)
		short.Clock.Add(time.Second)
		for _, method := range []string{"GET", "POST"} {
			if a := short.as("3", method, contactsFull, named("x")).want(t, 401); !strings.Contains(a.Body, "Token expired") {
				t.Errorf("the page is %s", a.Body)
			}
		}
		short.tokens = map[string]string{}
		tokens, err := short.Server.Auth.Tokens(t.Context(), elizabeth)
		if err != nil || len(tokens) != 0 {
			t.Fatalf("Tokens() = %v, %v", tokens, err)
		}
		short.as("3", "GET", contactsFull, "").want(t, 200) // with a new one
		if tokens, err = short.Server.Auth.Tokens(t.Context(), elizabeth); err != nil || len(tokens) != 1 {
			t.Fatalf("Tokens() = %v, %v", tokens, err)
		}
		if err := short.Server.Auth.RevokeToken(t.Context(), tokens[0].ID); err != nil {
			t.Fatal(err)
		}
		if a := short.as("3", "POST", contactsFull, named("x")).want(t, 401); !strings.Contains(a.Body, "Token invalid") {
			t.Errorf("the page is %s", a.Body)
		}
		short.tokens = map[string]string{}
		if f := short.as("3", "GET", contactsFull, "").want(t, 200).feed(t); f.titles() != "Jane Bennet" {
			t.Errorf("stored %q", f.titles())
		}
		if err := short.Server.Auth.SetDisabled(t.Context(), elizabeth, true); err != nil {
			t.Fatal(err)
		}
		if a := short.as("3", "GET", contactsFull, "").want(t, 401); !strings.Contains(a.Body, "Token invalid") {
			t.Errorf("the page is %s", a.Body)
		}
	})
	t.Run("WRT-24 WRT-34 VER-5 headers of garbage have the answers of 7.2", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, r := range []struct {
				name, value string
				status      int
				code        string
			}{
				{"If-Match", `"`, 412, "etagsMismatch"}, {"If-Match", "W/", 412, "etagsMismatch"}, {"If-Match", ",,,", 412, "etagsMismatch"}, {"If-Match", "\xff\xfe", 412, "etagsMismatch"},
				{"If-Match", strings.Repeat(`"a",`, 5000), 412, "etagsMismatch"}, {"If-Match", `"` + strings.Repeat("é", 1000), 412, "etagsMismatch"}, {"If-Match", `W/` + e.ETag, 412, "etagsMismatch"},
				{"If-Match", "** ", 412, "etagsMismatch"}, {"If-Match", "]]>&<x>", 412, "etagsMismatch"}, {"If-Match", "\ufffe", 412, "etagsMismatch"},
				{"X-HTTP-Method-Override", "BREW", 400, "invalidMethodOverrideHeader"}, {"X-HTTP-Method-Override", "put", 400, "invalidMethodOverrideHeader"},
				{"X-HTTP-Method-Override", "\xff\ufffe", 400, "invalidMethodOverrideHeader"}, {"X-HTTP-Method-Override", strings.Repeat("PUT", 5000), 400, "invalidMethodOverrideHeader"},
				{"GData-Version", "\xff", 400, "versionNotSupported"}, {"GData-Version", strings.Repeat("3", 5000), 400, "versionNotSupported"},
			} {
				method := "PUT"
				if r.name == "X-HTTP-Method-Override" {
					method = "POST"
				}
				a := w.as("3", method, e.link("self"), named("x"), r.name, r.value).want(t, r.status)
				if f := a.fault(t).Errors[0]; f.Code != r.code || len(f.Reason) > 400 {
					t.Errorf("%s: %.40q gives %s", r.name, r.value, a.Body)
				}
				if r.name == "If-Match" {
					w.as("1", method, e.link("self"), named("x"), r.name, r.value).want(t, r.status)
					w.as("3", "DELETE", e.link("self"), "", r.name, r.value).want(t, r.status)
				}
			}
		})
	})
	t.Run("COND-2 COND-3 headers of garbage on a GET mean nothing", func(t *testing.T) {
		want := w.as("3", "GET", e.link("self"), "").Body
		for name, value := range map[string]string{"If-None-Match": "\xff,,W/,\"", "If-Modified-Since": "yesterday", "Range": "bytes=0-1", "X-HTTP-Method-Override": "DELETE", "If-Unmodified-Since": "x", "Cookie": "\xff", "Accept-Encoding": "garbage;q=x", "Content-Type": "///"} {
			if a := w.as("3", "GET", e.link("self"), "", name, value).want(t, 200); a.Body != want {
				t.Errorf("%s: %q gives %s", name, value, a.Body)
			}
		}
	})
	t.Run("RES-68 a head that is too large gives 431", func(t *testing.T) {
		w.unharmed(t, func() {
			c := w.dial(t)
			go io.WriteString(c, "GET "+contactsFull+" HTTP/1.1\r\nHost: x\r\nX-Large: "+strings.Repeat("x", 2<<20)+"\r\n\r\n")
			c.answer("GET").want(t, http.StatusRequestHeaderFieldsTooLarge)
		})
	})
}
