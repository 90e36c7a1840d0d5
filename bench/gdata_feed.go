package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// An atomEntry is what the generator needs to know of an entry.
type atomEntry struct {
	ETag    string `xml:"http://schemas.google.com/g/2005 etag,attr"`
	Updated string `xml:"http://www.w3.org/2005/Atom updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"http://www.w3.org/2005/Atom link"`
	BatchID     string `xml:"http://schemas.google.com/gdata/batch id"`
	BatchStatus struct {
		Code   int    `xml:"code,attr"`
		Reason string `xml:"reason,attr"`
	} `xml:"http://schemas.google.com/gdata/batch status"`
}

func (e *atomEntry) ref(i int) Ref {
	r := Ref{I: i, ETag: e.ETag}
	for _, l := range e.Links {
		switch l.Rel {
		case "self":
			r.Path = pathOf(l.Href)
		case "edit":
			r.Edit = pathOf(l.Href)
		}
	}
	return r
}

// readFeed follows rel=next and calls each with every page. Only the requests
// are timed.
func (t *GData) readFeed(c *Conn, query string, each func(page []byte) error) (ReadStat, error) {
	var st ReadStat
	for path := t.feed + "?" + query; path != ""; {
		_, b, err := c.expect(t.req("GET", path, nil), 200)
		if err != nil {
			return st, err
		}
		st.Bytes += int64(len(b))
		st.Dur += c.last
		if err := each(b); err != nil {
			return st, err
		}
		next, err := nextLink(b)
		if err != nil {
			return st, err
		}
		if next == path {
			return st, errors.New("rel=next points at its own page")
		}
		path = next
	}
	return st, nil
}

// all is the query for every entry that match selects, in as few pages as the
// server allows.
func (t *GData) all(match string) string {
	return fmt.Sprintf("%smax-results=%d", match, t.pageSize)
}

// nextLink returns the path of the feed's rel=next link, "" on the last page.
// In Atom the links of a feed stand before its entries.
func nextLink(page []byte) (string, error) {
	if bytes.HasPrefix(page, []byte("{")) {
		return nextLinkJSON(page)
	}
	dec := xml.NewDecoder(bytes.NewReader(page))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "entry":
			return "", nil
		case "link":
			var rel, href string
			for _, a := range start.Attr {
				switch a.Name.Local {
				case "rel":
					rel = a.Value
				case "href":
					href = a.Value
				}
			}
			if rel == "next" {
				return pathOf(href), nil
			}
		}
	}
}

func nextLinkJSON(page []byte) (string, error) {
	var doc struct {
		Feed struct {
			Link []struct{ Rel, Href string } `json:"link"`
		} `json:"feed"`
	}
	if err := json.Unmarshal(page, &doc); err != nil {
		return "", err
	}
	for _, l := range doc.Feed.Link {
		if l.Rel == "next" {
			return pathOf(l.Href), nil
		}
	}
	return "", nil
}

// scanFeed calls each, if not nil, with every entry of an Atom page and
// returns the updated element of the feed.
func scanFeed(page []byte, each func(*atomEntry)) (updated string, err error) {
	dec := xml.NewDecoder(bytes.NewReader(page))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return updated, nil
		}
		if err != nil {
			return updated, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "entry":
			var e atomEntry
			if err := dec.DecodeElement(&e, &start); err != nil {
				return updated, err
			}
			if each != nil {
				each(&e)
			}
		case "updated":
			if err := dec.DecodeElement(&updated, &start); err != nil {
				return updated, err
			}
			updated = strings.TrimSpace(updated)
		}
	}
}

// List reads the whole feed: the protocol has no listing without content.
func (t *GData) List(c *Conn) ([]Ref, ReadStat, error) {
	var refs []Ref
	st, err := t.readFeed(c, t.all(""), func(page []byte) error {
		_, err := scanFeed(page, func(e *atomEntry) { refs = append(refs, e.ref(-1)) })
		return err
	})
	st.Count = len(refs)
	return refs, st, err
}

func (t *GData) FullModes() []string { return []string{"atom", "json"} }

// FullRead counts the entries by a text that each of them holds once.
func (t *GData) FullRead(c *Conn, mode string, _ []Ref) (ReadStat, error) {
	match, once := "", "<entry"
	if mode == "json" {
		match, once = "alt=json&", ".u0" // in the work e-mail address
	}
	return t.count(c, match, once)
}

// Search uses the parameter q, which matches words by their beginning in any
// field; both modes are the same query.
func (t *GData) Search(c *Conn, _, text string) (ReadStat, error) {
	return t.count(c, "q="+url.QueryEscape(text)+"&", "<entry")
}

// count reads a feed and counts how often a text stands in it.
func (t *GData) count(c *Conn, match, once string) (ReadStat, error) {
	n := 0
	st, err := t.readFeed(c, t.all(match), func(page []byte) error {
		n += bytes.Count(page, []byte(once))
		return nil
	})
	st.Count = n
	return st, err
}

// Token returns the time of the feed's last change.
func (t *GData) Token(c *Conn) (string, ReadStat, error) {
	_, b, err := c.expect(t.req("GET", t.feed+"?max-results=1", nil), 200)
	if err != nil {
		return "", ReadStat{}, err
	}
	st := ReadStat{Count: 1, Bytes: int64(len(b)), Dur: c.last}
	updated, err := scanFeed(b, nil)
	if err == nil && updated == "" {
		err = errors.New("feed without updated")
	}
	return updated, st, err
}

// Sync asks for what changed at or after the mark. As updated-min is inclusive
// and the mark is the time of a change, the answer repeats the entries of that
// very time; Count leaves them out. The mark to keep is that of the first page:
// later pages may show changes made meanwhile, before ones that no page shows.
func (t *GData) Sync(c *Conn, token string) (Changes, error) {
	mark, err := time.Parse(time.RFC3339, token)
	if err != nil {
		return Changes{}, err
	}
	var ch Changes
	match := "updated-min=" + url.QueryEscape(token) + "&showdeleted=true&orderby=lastmodified&"
	after := 0
	ch.ReadStat, err = t.readFeed(c, t.all(match), func(page []byte) error {
		var bad error
		updated, err := scanFeed(page, func(e *atomEntry) {
			at, err := time.Parse(time.RFC3339, e.Updated)
			if err != nil {
				bad = err
			}
			if at.After(mark) {
				after++
			}
			ch.Refs = append(ch.Refs, e.ref(-1))
		})
		if ch.Next == "" {
			ch.Next = updated
		}
		return errors.Join(err, bad)
	})
	ch.Count = after
	return ch, err
}

// Poll reads the head of the feed, whose updated tells of any change.
func (t *GData) Poll(c *Conn) (ReadStat, error) {
	_, st, err := t.Token(c)
	return st, err
}
