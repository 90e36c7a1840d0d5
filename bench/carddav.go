package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CardDAV speaks CardDAV with Basic authentication: the protocol of the peers.
type CardDAV struct {
	base       *url.URL // address book collection, with trailing slash
	user, pass string

	// emptyFilterBad is set when the server cannot answer an
	// addressbook-query whose filter is empty.
	emptyFilterBad bool
}

const (
	davHead = `<?xml version="1.0" encoding="utf-8"?>`
	davNS   = ` xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:cs="http://calendarserver.org/ns/"`
)

// req makes a request for a path, or for the collection if it is empty.
func (t *CardDAV) req(method, path string, body []byte) *http.Request {
	if path == "" {
		path = t.base.EscapedPath()
	}
	req := newRequest(method, t.base.Scheme+"://"+t.base.Host+path, body)
	if t.user != "" {
		req.SetBasicAuth(t.user, t.pass)
	}
	return req
}

// report sends an XML request on the collection and parses the multistatus.
func (t *CardDAV) report(c *Conn, method, depth, body string) ([]byte, error) {
	r := t.req(method, "", []byte(davHead+body))
	r.Header.Set("Content-Type", `application/xml; charset="utf-8"`)
	if depth != "" {
		r.Header.Set("Depth", depth)
	}
	want := http.StatusMultiStatus
	if method == "MKCOL" {
		want = http.StatusCreated
	}
	_, b, err := c.expect(r, want)
	return b, err
}

func (t *CardDAV) Ready(c *Conn) error {
	_, err := t.report(c, "PROPFIND", "0", `<d:propfind`+davNS+`><d:prop><d:resourcetype/><d:sync-token/><cs:getctag/></d:prop></d:propfind>`)
	return err
}

// Setup creates the collection if it is not there.
func (t *CardDAV) Setup(c *Conn) error {
	err := t.Ready(c)
	if err == nil {
		return nil
	}
	if _, mkErr := t.report(c, "MKCOL", "", `<d:mkcol`+davNS+`><d:set><d:prop><d:resourcetype><d:collection/><c:addressbook/></d:resourcetype><d:displayname>Bench</d:displayname></d:prop></d:set></d:mkcol>`); mkErr != nil {
		return fmt.Errorf("no address book (%w) and none made: %w", err, mkErr)
	}
	return t.Ready(c)
}

// put writes a card. Without ifMatch it must be new.
func (t *CardDAV) put(c *Conn, path, ifMatch string, p Person) (*http.Response, error) {
	r := t.req("PUT", path, p.VCard())
	r.Header.Set("Content-Type", "text/vcard; charset=utf-8")
	if ifMatch == "" {
		r.Header.Set("If-None-Match", "*")
	} else {
		r.Header.Set("If-Match", ifMatch)
	}
	resp, _, err := c.expect(r, 2)
	return resp, err
}

func (t *CardDAV) Insert(c *Conn, p Person) (Ref, error) {
	path := t.base.EscapedPath() + p.UID + ".vcf"
	resp, err := t.put(c, path, "", p)
	if err != nil {
		return Ref{}, err
	}
	return Ref{I: p.I, Path: path, ETag: resp.Header.Get("ETag")}, nil
}

func (t *CardDAV) InsertBatch(*Conn, []Person) ([]Ref, error) { return nil, errUnsupported }

// Update writes the card under its ETag. Where the answer does not give the
// new one, it is fetched outside of the timed request.
func (t *CardDAV) Update(c *Conn, r Ref, p Person) (Ref, error) {
	resp, err := t.put(c, r.Path, r.ETag, p)
	if err != nil {
		return r, err
	}
	took := c.last
	r.ETag = resp.Header.Get("ETag")
	if r.ETag == "" || strings.HasPrefix(r.ETag, "W/") {
		resp, _, err := c.expect(t.req("GET", r.Path, nil), 200)
		if err != nil {
			return r, err
		}
		r.ETag = resp.Header.Get("ETag")
	}
	c.last = took
	return r, nil
}

func (t *CardDAV) Delete(c *Conn, r Ref) error {
	_, _, err := c.expect(t.req("DELETE", r.Path, nil), 2)
	return err
}

func (t *CardDAV) Get(c *Conn, r Ref) error {
	_, b, err := c.expect(t.req("GET", r.Path, nil), 200)
	if err == nil && !bytes.HasPrefix(b, []byte("BEGIN:VCARD")) {
		return fmt.Errorf("GET %s: no card in the answer", r.Path)
	}
	return err
}

// A multistatus is the answer to PROPFIND and REPORT.
type multistatus struct {
	Responses []struct {
		Href     string `xml:"href"`
		Propstat []struct {
			Prop struct {
				ETag string `xml:"getetag"`
			} `xml:"prop"`
		} `xml:"propstat"`
	} `xml:"response"`
	Token string `xml:"sync-token"`
}

// refs returns the members of the collection that an answer names.
func (t *CardDAV) refs(b []byte) (refs []Ref, token string, err error) {
	var ms multistatus
	if err := xml.Unmarshal(b, &ms); err != nil {
		return nil, "", err
	}
	self := strings.TrimSuffix(t.base.Path, "/")
	for _, r := range ms.Responses {
		u, err := url.Parse(strings.TrimSpace(r.Href))
		if err != nil {
			return nil, "", err
		}
		if strings.TrimSuffix(u.Path, "/") == self {
			continue
		}
		ref := Ref{I: -1, Path: u.EscapedPath()}
		for _, ps := range r.Propstat {
			if ps.Prop.ETag != "" {
				ref.ETag = strings.TrimSpace(ps.Prop.ETag)
			}
		}
		refs = append(refs, ref)
	}
	return refs, strings.TrimSpace(ms.Token), nil
}

func (t *CardDAV) List(c *Conn) ([]Ref, ReadStat, error) {
	b, err := t.report(c, "PROPFIND", "1", `<d:propfind`+davNS+`><d:prop><d:getetag/></d:prop></d:propfind>`)
	if err != nil {
		return nil, ReadStat{}, err
	}
	refs, _, err := t.refs(b)
	return refs, ReadStat{Count: len(refs), Bytes: int64(len(b)), Dur: c.last}, err
}

func (t *CardDAV) FullModes() []string { return []string{"query", "multiget"} }

func (t *CardDAV) FullRead(c *Conn, mode string, refs []Ref) (ReadStat, error) {
	const props = `<d:prop><d:getetag/><c:address-data/></d:prop>`
	if mode == "multiget" {
		var body strings.Builder
		body.WriteString(`<c:addressbook-multiget` + davNS + `>` + props)
		for _, r := range refs {
			body.WriteString("<d:href>" + escapeXML(r.Path) + "</d:href>")
		}
		body.WriteString(`</c:addressbook-multiget>`)
		return t.cards(c, body.String())
	}
	filter := `<c:filter/>`
	if t.emptyFilterBad {
		filter = `<c:filter><c:prop-filter name="UID"/></c:filter>`
	}
	st, err := t.cards(c, `<c:addressbook-query`+davNS+`>`+props+filter+`</c:addressbook-query>`)
	if (err != nil || st.Count == 0) && !t.emptyFilterBad {
		t.emptyFilterBad = true
		return t.FullRead(c, mode, refs)
	}
	return st, err
}

// cards sends a report and counts the cards in the answer.
func (t *CardDAV) cards(c *Conn, body string) (ReadStat, error) {
	b, err := t.report(c, "REPORT", "1", body)
	return ReadStat{Count: bytes.Count(b, []byte("BEGIN:VCARD")), Bytes: int64(len(b)), Dur: c.last}, err
}

// Token is a first sync-collection, which lists the whole collection.
func (t *CardDAV) Token(c *Conn) (string, ReadStat, error) {
	ch, err := t.Sync(c, "")
	if _, ok := errors.AsType[*statusError](err); ok {
		err = fmt.Errorf("%w: %w", errUnsupported, err)
	}
	return ch.Next, ch.ReadStat, err
}

func (t *CardDAV) Sync(c *Conn, token string) (Changes, error) {
	b, err := t.report(c, "REPORT", "0", `<d:sync-collection`+davNS+`><d:sync-token>`+escapeXML(token)+`</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`)
	if err != nil {
		return Changes{}, err
	}
	ch := Changes{ReadStat: ReadStat{Bytes: int64(len(b)), Dur: c.last}}
	ch.Refs, ch.Next, err = t.refs(b)
	if err == nil && ch.Next == "" {
		err = fmt.Errorf("%w: no sync-token in the answer", errUnsupported)
	}
	ch.Count = len(ch.Refs)
	return ch, err
}

// Poll reads ctag and sync-token of the collection.
func (t *CardDAV) Poll(c *Conn) (ReadStat, error) {
	err := t.Ready(c)
	return ReadStat{Count: 1, Bytes: int64(c.buf.Len()), Dur: c.last}, err
}

func (t *CardDAV) Search(c *Conn, mode, text string) (ReadStat, error) {
	match := "contains"
	if mode == "prefix" {
		match = "starts-with"
	}
	return t.cards(c, `<c:addressbook-query`+davNS+`><d:prop><d:getetag/><c:address-data/></d:prop><c:filter test="anyof"><c:prop-filter name="EMAIL"><c:text-match collation="i;unicode-casemap" match-type="`+match+`">`+escapeXML(text)+`</c:text-match></c:prop-filter></c:filter></c:addressbook-query>`)
}
