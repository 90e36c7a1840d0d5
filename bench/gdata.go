package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// gdataVersion is the protocol version that the load generator speaks: the one
// with ETags, whose edit links do not change with every write.
const gdataVersion = "3.0"

// GData speaks the Contacts Data API, Atom over HTTP.
type GData struct {
	base       *url.URL // scheme and host
	feed       string   // path of the feed, such as /m8/feeds/contacts/default/full
	user, pass string
	auth       string // clientlogin or basic
	pageSize   int    // max-results of bulk reads; the server cuts its pages at 10 MB anyway
	token      string
}

func (t *GData) req(method, path string, body []byte) *http.Request {
	req := newRequest(method, t.base.String()+path, body)
	if body != nil {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	switch {
	case t.auth == "basic":
		req.SetBasicAuth(t.user, t.pass)
	case t.token != "":
		req.Header.Set("Authorization", "GoogleLogin auth="+t.token)
	}
	req.Header.Set("GData-Version", gdataVersion)
	return req
}

// Setup logs in with ClientLogin unless Basic is asked for.
func (t *GData) Setup(c *Conn) error {
	if t.auth != "basic" {
		if err := t.login(c); err != nil {
			return err
		}
	}
	return t.Ready(c)
}

func (t *GData) login(c *Conn) error {
	form := url.Values{
		"accountType": {"HOSTED_OR_GOOGLE"}, "Email": {t.user}, "Passwd": {t.pass},
		"service": {"cp"}, "source": {"contacts-bench-1"},
	}
	req := newRequest("POST", t.base.String()+"/accounts/ClientLogin", []byte(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, b, err := c.expect(req, 200)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "Auth="); ok {
			t.token = v
			return nil
		}
	}
	return errors.New("ClientLogin: no Auth= in the answer")
}

// Ready reads the head of the feed. Before Setup it logs in first; after a
// restart of the server the old token still counts.
func (t *GData) Ready(c *Conn) error {
	if t.auth != "basic" && t.token == "" {
		if err := t.login(c); err != nil {
			return err
		}
	}
	_, _, err := c.expect(t.req("GET", t.feed+"?max-results=1", nil), 200)
	return err
}

// ref reads where a written entry is from the headers of the answer: parsing
// its body would cost the generator more than the server spent on it.
func (t *GData) ref(resp *http.Response, i int, path string) (Ref, error) {
	if l := resp.Header.Get("Location"); l != "" {
		path = pathOf(l)
	}
	etag := resp.Header.Get("ETag")
	if path == "" || etag == "" {
		return Ref{}, fmt.Errorf("%s %s: answer without Location or ETag", resp.Request.Method, resp.Request.URL.Path)
	}
	return Ref{I: i, Path: path, ETag: etag}, nil
}

// pathOf returns path and query of a link, as links carry the server's public
// name and the generator keeps to the address it was given.
func pathOf(href string) string {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return href
	}
	return u.RequestURI()
}

func (t *GData) Insert(c *Conn, p Person) (Ref, error) {
	resp, _, err := c.expect(t.req("POST", t.feed, p.AtomEntry("", "")), 201)
	if err != nil {
		return Ref{}, err
	}
	return t.ref(resp, p.I, "")
}

// InsertBatch sends a batch feed of insert operations. The error wraps
// errUnsupported if the server refuses every batch.
func (t *GData) InsertBatch(c *Conn, ps []Person) ([]Ref, error) {
	b := []byte(atomHead + "<feed " + atomNS + ">")
	for _, p := range ps {
		b = fmt.Appendf(b, "<entry><batch:id>%d</batch:id><batch:operation type='insert'/>", p.I)
		b = p.appendAtom(b)
		b = append(b, "</entry>"...)
	}
	b = append(b, "</feed>"...)
	_, out, err := c.expect(t.req("POST", t.feed+"/batch", b), 200)
	if status, ok := errors.AsType[*statusError](err); ok && status.status >= 400 {
		return nil, fmt.Errorf("%w: %w", errUnsupported, err)
	}
	if err != nil {
		return nil, err
	}
	took := c.last
	var f struct {
		Entries []atomEntry `xml:"entry"`
	}
	if err := xml.Unmarshal(out, &f); err != nil {
		return nil, err
	}
	if len(f.Entries) != len(ps) {
		return nil, fmt.Errorf("batch: %d answers to %d operations", len(f.Entries), len(ps))
	}
	refs := make([]Ref, len(ps))
	for i := range f.Entries {
		e := &f.Entries[i]
		if e.BatchStatus.Code != 201 {
			return nil, fmt.Errorf("batch entry %s: %d %s", e.BatchID, e.BatchStatus.Code, e.BatchStatus.Reason)
		}
		if want := strconv.Itoa(ps[i].I); strings.TrimSpace(e.BatchID) != want {
			return nil, fmt.Errorf("batch: answer to operation %s where that to %s was due", e.BatchID, want)
		}
		refs[i] = e.ref(ps[i].I)
	}
	c.last = took
	return refs, nil
}

// Update sends the whole entry back as a client of the API does, with id and
// ETag in it and the ETag as precondition.
func (t *GData) Update(c *Conn, r Ref, p Person) (Ref, error) {
	req := t.req("PUT", r.edit(), p.AtomEntry(t.base.String()+r.Path, r.ETag))
	req.Header.Set("If-Match", r.ETag)
	resp, _, err := c.expect(req, 200)
	if err != nil {
		return r, err
	}
	return t.ref(resp, r.I, r.Path)
}

func (t *GData) Delete(c *Conn, r Ref) error {
	req := t.req("DELETE", r.edit(), nil)
	req.Header.Set("If-Match", r.ETag)
	_, _, err := c.expect(req, 2)
	return err
}

func (t *GData) Get(c *Conn, r Ref) error {
	_, b, err := c.expect(t.req("GET", r.Path, nil), 200)
	if err == nil && !bytes.Contains(b, []byte("<entry")) {
		return fmt.Errorf("GET %s: no entry in the answer", r.Path)
	}
	return err
}

// PutPhoto gives a contact a photo and returns where it is.
func (t *GData) PutPhoto(c *Conn, r Ref) (Ref, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 96, 96))); err != nil {
		return r, err
	}
	path := strings.Replace(strings.Replace(r.Path, "/feeds/contacts/", "/feeds/photos/media/", 1), "/full/", "/", 1)
	req := t.req("PUT", path, b.Bytes())
	req.Header.Set("Content-Type", "image/png")
	if _, _, err := c.expect(req, 200); err != nil {
		return r, err
	}
	resp, _, err := c.expect(t.req("GET", path, nil), 200)
	if err != nil {
		return r, err
	}
	return Ref{Path: path, ETag: resp.Header.Get("ETag")}, nil
}

// GetPhoto asks for a photo that the client has.
func (t *GData) GetPhoto(c *Conn, r Ref) error {
	req := t.req("GET", r.Path, nil)
	req.Header.Set("If-None-Match", r.ETag)
	_, _, err := c.expect(req, http.StatusNotModified)
	return err
}

// Empty gets an answer without content, for which the server does nothing.
func (t *GData) Empty(c *Conn) error {
	_, _, err := c.expect(t.req("HEAD", "/healthz", nil), 200)
	return err
}
