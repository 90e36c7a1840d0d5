package reply

import (
	"net/http"
	"strings"
	"time"
)

// An ETagList is the value of an If-Match or If-None-Match header.
type ETagList struct {
	Present bool     // the header was there, and not empty
	Any     bool     // it was *
	Strong  []string // tags as sent, quotes included; those without quotes too
	Weak    []string // tags after W/, quotes included
}

// ETags reads a header that lists entity tags. Tags without quotes, which some
// clients send, are kept as they are (WRT-34).
func ETags(h http.Header, name string) ETagList {
	rest := strings.TrimSpace(strings.Join(h.Values(name), ","))
	l := ETagList{Present: rest != "", Any: rest == "*"}
	if l.Any {
		return l
	}
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return l
		}
		tagged, weak := strings.CutPrefix(rest, "W/")
		if weak {
			rest = tagged
		}
		end := strings.IndexByte(rest, ',')
		if rest != "" && rest[0] == '"' {
			if end = strings.IndexByte(rest[1:], '"'); end >= 0 {
				end += 2
			}
		}
		if end < 0 {
			end = len(rest)
		}
		tag := strings.TrimSpace(rest[:end])
		rest = rest[end:]
		if weak {
			l.Weak = append(l.Weak, tag)
		} else if tag != "" {
			l.Strong = append(l.Strong, tag)
		}
	}
}

// MatchesWeakly reports whether one of the listed tags is etag, strong or weak
// (RFC 9110, weak comparison).
func (l ETagList) MatchesWeakly(etag string) bool {
	if l.Any {
		return true
	}
	etag = strings.TrimPrefix(etag, "W/")
	for _, tags := range [2][]string{l.Strong, l.Weak} {
		for _, tag := range tags {
			if tag == etag {
				return true
			}
		}
	}
	return false
}

// IfModifiedSince is the time of the header of that name. It counts for GET
// and HEAD without If-None-Match only (COND-3).
func IfModifiedSince(r *http.Request) (time.Time, bool) {
	since := r.Header.Get("If-Modified-Since")
	if since == "" || r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("If-None-Match") != "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(since)
	return t, err == nil
}

// AcceptsGzip reports whether the client takes gzip as a content coding.
func AcceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.TrimSpace(coding)
		if strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip") {
			q := strings.ReplaceAll(params, " ", "")
			return !(strings.HasPrefix(q, "q=0") && strings.Trim(q[len("q=0"):], ".0") == "")
		}
	}
	return false
}
