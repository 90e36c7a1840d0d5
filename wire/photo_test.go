package wire

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"contacts"
)

func TestPhotoDocument(t *testing.T) {
	c := &contacts.Contact{ID: 0x77f272e18a99d7b0, Rev: at(t, "2013-08-01T13:05:57.969Z"), Photo: contacts.Photo{Version: "xLQfHGqHt0kUEoeDqM1Fbw"}}
	const (
		url   = "https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/77f272e18a99d7b0"
		id    = "http://contacts.example.net/m8/feeds/photos/media/liz%40example.com/77f272e18a99d7b0"
		time  = "2013-08-01T13:05:57.969Z"
		links = "<link rel='self' type='application/atom+xml' href='" + url + "'/><link rel='edit' type='application/atom+xml' href='" + url + "'/>"
	)
	document := func(version int, f Format) string {
		return string(NewEncoder(inFormat(user(version, ContactKind), f)).AppendPhotoDocument(nil, c))
	}
	t.Run("PHOTO-8 VER-22 VER-24 VER-74 RES-44 RES-63 the entry of a photo", func(t *testing.T) {
		for version, want := range map[int]string{
			1: "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005'><id>" + id + "</id><updated>" + time + "</updated>" + links + "</entry>",
			3: "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' gd:etag='&quot;xLQfHGqHt0kUEoeDqM1Fbw.&quot;'><id>" + id +
				"</id><updated>" + time + "</updated><app:edited xmlns:app='http://www.w3.org/2007/app'>" + time + "</app:edited>" + links + "</entry>",
		} {
			if got := document(version, Atom); got != "<?xml version='1.0' encoding='UTF-8'?>"+want {
				t.Errorf("version %d: %s, want %s", version, got, want)
			}
		}
	})
	t.Run("PHOTO-8 the entry of a photo as RSS", func(t *testing.T) {
		for _, version := range []int{1, 2, 3} {
			got := document(version, RSS)
			if err := xml.Unmarshal([]byte(got), new(struct{ XMLName xml.Name })); err != nil {
				t.Errorf("%v in %s", err, got)
			}
			has(t, got, "<guid isPermaLink='false'>"+id+"</guid><atom:updated>"+time+"</atom:updated>", strings.ReplaceAll(links, "<link", "<atom:link"), "</item></channel></rss>")
			if strings.Contains(got, "gd:etag='&quot;xLQfHGqHt0kUEoeDqM1Fbw.&quot;'") != (version > 1) || strings.Contains(got, "<app:edited") != (version > 1) {
				t.Errorf("version %d: %s", version, got)
			}
		}
	})
	t.Run("PHOTO-8 the entry of a photo as JSON", func(t *testing.T) {
		for _, version := range []int{1, 2, 3} {
			var got struct {
				Entry struct {
					ETag    string              `json:"gd$etag"`
					ID      map[string]string   `json:"id"`
					Updated map[string]string   `json:"updated"`
					Edited  map[string]string   `json:"app$edited"`
					Links   []map[string]string `json:"link"`
				}
			}
			doc := document(version, JSON)
			if err := json.Unmarshal([]byte(doc), &got); err != nil {
				t.Fatalf("%v in %s", err, doc)
			}
			wantTag, wantEdited := `"xLQfHGqHt0kUEoeDqM1Fbw."`, time
			if version == 1 {
				wantTag, wantEdited = "", ""
			}
			e := got.Entry
			if e.ETag != wantTag || e.ID["$t"] != id || e.Updated["$t"] != time || e.Edited["$t"] != wantEdited || len(e.Links) != 2 ||
				e.Links[0]["rel"] != "self" || e.Links[1]["rel"] != "edit" || e.Links[1]["href"] != url {
				t.Errorf("version %d: %s", version, doc)
			}
		}
		if got := document(3, JSONScript); !strings.HasPrefix(got, "// API callback\ngdata.io.handleScriptLoaded({") || !strings.HasSuffix(got, "});") {
			t.Errorf("in script: %s", got)
		}
	})
}
