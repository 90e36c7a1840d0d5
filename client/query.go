package client

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Query selects and orders entries. Its conditions combine with AND; the
// zero value selects all that are not deleted.
type Query struct {
	Text  string // words that all occur, as beginnings of words
	Group string // members of that group: its id or URL; contacts only

	MaxResults int // entries on a page; 0 leaves it to the client or server
	StartIndex int // 1-based index of the first entry; 0 means 1

	UpdatedMin time.Time // inclusive; zero for no bound
	UpdatedMax time.Time // exclusive

	ShowDeleted       bool // deleted entries and memberships, too
	RequireAllDeleted bool // fail with kind Gone if the server has forgotten some since UpdatedMin

	OrderBy   string // lastmodified, or empty for an order of the server's own
	SortOrder string // ascending or descending
	Author    string // name or e-mail address of the owner

	// Feed replaces the feed of the query: a URL, which may have parameters of
	// its own, or what follows /m8/feeds/, such as contacts/default/thin.
	Feed string

	Extra url.Values // parameters that have no field here
}

// url is the address of the query, of which page entries are wanted if the
// query does not say.
func (q *Query) url(c *Client, path string, page int) (string, error) {
	feed := c.feedURL(path, "full")
	if q.Feed != "" {
		var err error
		if feed, err = c.resolve(q.Feed); err != nil { // LIB-46
			return "", err
		}
	}
	feed, query, _ := strings.Cut(feed, "?")
	v, err := url.ParseQuery(query)
	if err != nil {
		return "", err
	}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", q.Text)         // LIB-49
	set("group", q.group(c)) // LIB-47
	if n := q.MaxResults; n != 0 {
		set("max-results", strconv.Itoa(n)) // LIB-40
	} else if page != 0 && !v.Has("max-results") {
		set("max-results", strconv.Itoa(page))
	}
	if q.StartIndex != 0 {
		set("start-index", strconv.Itoa(q.StartIndex)) // LIB-41
	}
	set("updated-min", timeParam(q.UpdatedMin))              // LIB-42
	set("updated-max", timeParam(q.UpdatedMax))              // LIB-49
	set("showdeleted", flagParam(q.ShowDeleted))             // LIB-43
	set("requirealldeleted", flagParam(q.RequireAllDeleted)) // LIB-49
	set("orderby", q.OrderBy)                                // LIB-44
	set("sortorder", q.SortOrder)                            // LIB-45
	set("author", q.Author)                                  // LIB-49
	for name, values := range q.Extra {
		v[name] = values // LIB-48
	}
	if v.Del("alt"); len(v) == 0 { // LIB-49
		return feed, nil
	}
	return feed + "?" + v.Encode(), nil
}

// group is the URL of the group, because servers must understand that, and
// need not understand an id.
func (q *Query) group(c *Client) string {
	if q.Group == "" || strings.Contains(q.Group, "/") {
		return q.Group
	}
	return c.groupsURL() + url.PathEscape(q.Group)
}

func timeParam(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func flagParam(v bool) string {
	if v {
		return "true"
	}
	return ""
}
