package gdata_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"contacts"
)

const (
	photoRel = "http://schemas.google.com/contacts/2008/rel#photo"
	editRel  = "http://schemas.google.com/contacts/2008/rel#edit-photo"
	noPhoto  = "1B2M2Y8AsgTpgAmY7PhCfg"
)

// portrait is an image file of some pixels, different for each size.
func portrait(t testing.TB, media string, size int) string {
	t.Helper()
	m := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.Black, color.White})
	for i := range m.Pix {
		m.Pix[i] = uint8(i % 2)
	}
	var b bytes.Buffer
	var err error
	switch media {
	case "image/png":
		err = png.Encode(&b, m)
	case "image/gif":
		err = gif.Encode(&b, m, nil)
	default:
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// vast is a small PNG file that claims to have 100,000 x 100,000 pixels.
func vast() string {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), 100_000), 100_000)
	header = append(header, 8, 2, 0, 0, 0)
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + string(binary.BigEndian.AppendUint32(header, crc32.ChecksumIEEE(header)))
}

func version(photo string) string { return contacts.PhotoVersion([]byte(photo)) }

// A sitter is a contact, and where its photo is.
type sitter struct {
	*world
	self, photo string
}

// newSitter adds a contact of Elizabeth's.
func (w *world) newSitter(t testing.TB) sitter {
	t.Helper()
	e := w.add(t, contactsFull, "<title>Jane Bennet</title>")
	return sitter{w, e.link("self"), "/m8/feeds/photos/media/liz%40example.com/" + e.shortID()}
}

// put puts a photo that the server has to take.
func (s sitter) put(t testing.TB, photo string, header ...string) *answer {
	t.Helper()
	return s.as("3", "PUT", s.photo, photo, append([]string{"Content-Type", "image/*"}, header...)...).want(t, 200)
}

// entry is the contact in version v.
func (s sitter) entry(t testing.TB, v string) *entry {
	t.Helper()
	return s.as(v, "GET", s.self, "").want(t, 200).entry(t)
}

// linkTag is the entity tag on the photo link of version 3.
func (s sitter) linkTag(t testing.TB) string {
	t.Helper()
	for _, l := range s.entry(t, "3").Links {
		if l.Rel == photoRel {
			return l.ETag
		}
	}
	t.Fatal("there is no photo link")
	return ""
}

// wantPage fails the test unless a photo URL answered with an error, in its form.
func (a *answer) wantPage(t testing.TB, status int, message string) {
	t.Helper()
	if a.want(t, status); a.Body != message || a.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("%s %s = %s %q, want %q as HTML", a.Request.Method, a.Request.URL, a.Header.Get("Content-Type"), a.Body, message)
	}
}

func TestPhotos(t *testing.T) {
	w := newWorld(t)
	one, two, three := portrait(t, "image/png", 3), portrait(t, "image/gif", 5), portrait(t, "image/jpeg", 7)

	t.Run("PHOTO-1 PHOTO-2 PHOTO-9 PHOTO-16 RES-40 RES-41 RES-45 a photo comes and goes", func(t *testing.T) {
		everyVersion(func(v string) {
			s := w.newSitter(t)
			s.as(v, "GET", s.photo, "").wantPage(t, 404, "Photo not found")
			s.as(v, "DELETE", s.photo, "").wantPage(t, 404, "Photo not found")
			for photo, media := range map[string]string{one: "image/png", two: "image/gif", three: "image/jpeg"} {
				s.as(v, "PUT", s.photo, photo, "Content-Type", media).want(t, 200)
				a := s.as(v, "GET", s.photo, "").want(t, 200)
				if a.Body != photo || a.Header.Get("Content-Type") != media || a.ContentLength != int64(len(photo)) {
					t.Errorf("version %s: GET = %d bytes of %s, want the %d that were put as %s", v, len(a.Body), a.Header.Get("Content-Type"), len(photo), media)
				}
				h := s.as(v, "HEAD", s.photo, "").want(t, 200)
				if h.Body != "" || h.ContentLength != int64(len(photo)) || h.Header.Get("ETag") != a.Header.Get("ETag") {
					t.Errorf("version %s: HEAD = %v", v, h.Header)
				}
			}
			if a := s.as(v, "DELETE", s.photo, "").want(t, 200); a.Body != "" {
				t.Errorf("version %s: DELETE answers %q", v, a.Body)
			}
			s.as(v, "GET", s.photo, "").wantPage(t, 404, "Photo not found")
		})
	})

	t.Run("PHOTO-3 PHOTO-4 PHOTO-5 PHOTO-6 VER-22 VER-27 VER-28 links before, with and after a photo", func(t *testing.T) {
		s := w.newSitter(t)
		check := func(photo string) {
			t.Helper()
			for _, v := range []string{"1", "2", "3"} {
				e := s.entry(t, v)
				wantPhoto, wantEdit, wantTag := s.photo, "", ""
				if photo != "" {
					wantTag = `"` + version(photo) + `."`
				}
				if v == "1" {
					wantTag, wantEdit = "", s.photo+"/"+version(photo)
					if photo == "" {
						wantPhoto = ""
					}
				}
				tag := ""
				for _, l := range e.Links {
					tag += l.ETag
				}
				if e.link(photoRel) != wantPhoto || e.link(editRel) != wantEdit || tag != wantTag {
					t.Errorf("version %s: the links are %q and %q with the tag %q, want %q, %q, %q", v, e.link(photoRel), e.link(editRel), tag, wantPhoto, wantEdit, wantTag)
				}
			}
		}
		check("")
		s.put(t, one)
		check(one)
		s.put(t, two)
		check(two)
		s.as("3", "DELETE", s.photo, "").want(t, 200)
		check("")
	})

	t.Run("VER-62 PHOTO-19 a photo change is a change of the contact", func(t *testing.T) {
		s := w.newSitter(t)
		for _, write := range []func(){func() { s.put(t, one) }, func() { s.put(t, two) }, func() { s.as("1", "DELETE", s.photo, "").want(t, 200) }} {
			before, edit, mark := s.entry(t, "3"), s.entry(t, "1").link("edit"), w.Clock.Now().Add(time.Second)
			w.Clock.Add(time.Second)
			write()
			after := s.entry(t, "3")
			if after.ETag == before.ETag || after.Updated <= before.Updated || s.entry(t, "1").link("edit") == edit || after.Title != "Jane Bennet" {
				t.Errorf("the contact is %+v after, and %+v before", after, before)
			}
			f := w.as("3", "GET", contactsFull+"?updated-min="+mark.Format("2006-01-02T15:04:05Z"), "").want(t, 200).feed(t)
			if len(f.Entries) != 1 || f.Entries[0].ID != after.ID {
				t.Errorf("of the contacts changed since, %d are in the feed, want this one", len(f.Entries))
			}
		}
	})

	t.Run("PHOTO-8 VER-23 VER-74 the answer to PUT", func(t *testing.T) {
		s := w.newSitter(t)
		for range 2 {
			a := s.put(t, one)
			sameAs(t, a.Body, "<?xml version='1.0' encoding='UTF-8'?>"+example(t, "05-writes.md", "Photo PUT, response entry (version 3)."))
			if e := a.entry(t); e.ETag != s.linkTag(t) || a.Header.Get("ETag") != e.ETag || e.Updated != s.entry(t, "3").Updated || e.link("edit") != s.photo || e.link("self") != s.photo {
				t.Errorf("the entry is %+v with ETag %s, want the tag %s", e, a.Header.Get("ETag"), s.linkTag(t))
			}
			if got := a.Header.Get("Content-Type"); got != "application/atom+xml; charset=UTF-8; type=entry" {
				t.Errorf("Content-Type %s", got)
			}
		}
		if e := s.as("1", "PUT", s.photo, two, "Content-Type", "image/gif").want(t, 200).entry(t); e.ETag != "" || e.ID != "http://contacts.example.net"+s.photo {
			t.Errorf("version 1: the entry is %+v", e)
		}
		a := s.as("3", "PUT", s.photo+"?alt=json&fields=id,link", two, "Content-Type", "image/gif").want(t, 200)
		if !strings.Contains(a.Body, `"id":{"$t":"http://contacts.example.net`+s.photo+`"}`) || strings.Contains(a.Body, "updated") {
			t.Errorf("id and link as JSON are %s", a.Body)
		}
	})

	t.Run("PHOTO-1 PHOTO-7 RES-43 the edit-photo URL of version 1", func(t *testing.T) {
		everyVersion(func(v string) {
			s := w.newSitter(t)
			put := func(version, photo string) *answer {
				return s.as(v, "PUT", s.photo+"/"+version, photo, "Content-Type", "image/png")
			}
			none, first := "Mismatch: etags = [stale], version = ["+noPhoto+"]", "Mismatch: etags = [stale], version = ["+version(one)+"]"
			put("stale", one).wantPage(t, 409, none)
			put(noPhoto, one).want(t, 200)
			put("stale", two).wantPage(t, 409, first)
			s.as(v, "DELETE", s.photo+"/stale", "").wantPage(t, 409, first)
			s.as(v, "DELETE", s.photo+"/"+noPhoto, "").want(t, 409)
			for _, segment := range []string{version(one), noPhoto, "stale"} {
				if a := s.as(v, "GET", s.photo+"/"+segment, "").want(t, 200); a.Body != one {
					t.Errorf("version %s: GET of the photo version %s = %d bytes, want the photo", v, segment, len(a.Body))
				}
			}
			put(version(one), two).want(t, 200)
			put(version(one), three).want(t, 409)
			put(noPhoto, three).want(t, 200) // a client that never saw a photo replaces one
			s.as(v, "DELETE", s.photo+"/"+version(three), "").want(t, 200)
			s.as(v, "GET", s.photo+"/"+noPhoto, "").wantPage(t, 404, "Photo not found")
		})
	})

	t.Run("PHOTO-10 PHOTO-12 PHOTO-13 VER-74 ERR-48 preconditions", func(t *testing.T) {
		everyVersion(func(v string) {
			s := w.newSitter(t)
			for _, write := range [][]string{{"PUT", two}, {"DELETE", ""}} {
				for _, match := range []string{"link", "media", "list", "None", "without quotes", `"a", None`, ","} {
					s.put(t, one)
					tag := map[string]string{"link": s.linkTag(t), "media": s.as(v, "GET", s.photo, "").Header.Get("ETag"), "list": `"x", ` + s.linkTag(t)}[match]
					if tag == "" {
						tag = match
					}
					s.as(v, write[0], s.photo, write[1], "Content-Type", "image/gif", "If-Match", tag).want(t, 200)
				}
				s.put(t, one)
				s.as(v, write[0], s.photo, write[1], "Content-Type", "image/gif", "If-Match", `"<stale>"`).wantPage(t, 412,
					"Mismatch: etags = [&quot;&lt;stale&gt;&quot;], version = ["+version(one)+"]")
				s.as(v, write[0], s.photo, write[1], "Content-Type", "image/gif", "If-Match", "W/"+s.linkTag(t)).want(t, 412)
			}
			if a := s.as(v, "GET", s.photo, "").want(t, 200); a.Body != one {
				t.Errorf("version %s: writes that failed changed the photo", v)
			}
		})
	})
	t.Run("PHOTO-11 PHOTO-13 If-Match of a contact without photo", func(t *testing.T) {
		everyVersion(func(v string) {
			for _, match := range []string{"*", "None"} {
				s := w.newSitter(t)
				s.as(v, "PUT", s.photo, one, "Content-Type", "image/png", "If-Match", `"x"`).wantPage(t, 412, "Mismatch: etags = [&quot;x&quot;], version = ["+noPhoto+"]")
				s.as(v, "PUT", s.photo, one, "Content-Type", "image/png", "If-Match", match).want(t, 200)
				s.as(v, "PUT", s.photo, two, "Content-Type", "image/png", "If-Match", match).want(t, 200)
				s.as(v, "DELETE", s.photo, "", "If-Match", match).want(t, 200)
			}
		})
	})

	t.Run("PHOTO-17 VER-74 COND-4 COND-5 conditional reading", func(t *testing.T) {
		s := w.newSitter(t)
		s.put(t, one)
		link := s.linkTag(t)
		everyVersion(func(v string) {
			a := s.as(v, "GET", s.photo, "").want(t, 200)
			tag := a.Header.Get("ETag")
			if tag == link || len(tag) < 3 || tag[0] != '"' {
				t.Errorf("version %s: the ETag is %s, want another one than the link's", v, tag)
			}
			if got := a.Header.Get("Cache-Control"); got != "private, max-age=0, must-revalidate, no-transform" || a.Header.Get("Expires") != a.Header.Get("Date") {
				t.Errorf("version %s: Cache-Control %s, Expires %s", v, got, a.Header.Get("Expires"))
			}
			for _, known := range []string{tag, `"x", ` + tag, "W/" + tag, "*"} {
				if a := s.as(v, "GET", s.photo, "", "If-None-Match", known).want(t, 304); a.Body != "" || a.Header.Get("ETag") != tag {
					t.Errorf("version %s: If-None-Match %s: ETag %s, %q", v, known, a.Header.Get("ETag"), a.Body)
				}
			}
			for _, other := range []string{link, `"x"`, "None"} {
				s.as(v, "GET", s.photo, "", "If-None-Match", other).want(t, 200)
			}
		})
	})
	t.Run("COND-8 PHOTO-13 If-Match on GET", func(t *testing.T) {
		s := w.newSitter(t)
		s.put(t, one)
		for match, status := range map[string]int{`"x"`: 412, "*": 200, "None": 200, s.linkTag(t): 200} {
			s.as("3", "GET", s.photo, "", "If-Match", match).want(t, status)
		}
	})

	t.Run("PHOTO-20 COND-6 RES-66 headers of every answer", func(t *testing.T) {
		s := w.newSitter(t)
		for _, a := range []*answer{
			s.put(t, one), s.as("3", "GET", s.photo, "", "Accept-Encoding", "gzip"), s.as("3", "GET", s.photo, "", "If-None-Match", "*"), s.as("3", "GET", s.photo, "", "If-Match", `"x"`),
			s.as("3", "DELETE", s.photo, ""), s.as("3", "GET", s.photo, ""), s.as("3", "POST", s.photo, one), w.do("", "GET", s.photo, ""), w.do(bingley, "GET", s.photo, ""),
		} {
			if a.Header.Get("Content-Security-Policy") != "default-src 'none'" || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s %s: %v", a.Request.Method, a.Status, a.Header)
			}
		}
	})

	t.Run("PHOTO-21 a client that can send POST only", func(t *testing.T) {
		everyVersion(func(v string) {
			s := w.newSitter(t)
			s.as(v, "POST", s.photo, one, "Content-Type", "image/png", "X-HTTP-Method-Override", "PUT").want(t, 200)
			if a := s.as(v, "GET", s.photo, "").want(t, 200); a.Body != one {
				t.Errorf("version %s: GET = %d bytes", v, len(a.Body))
			}
			s.as(v, "POST", s.photo, "", "X-HTTP-Method-Override", "DELETE").want(t, 200)
			s.as(v, "GET", s.photo, "").want(t, 404)
			a := s.as(v, "POST", s.photo, one, "Content-Type", "image/png")
			a.wantPage(t, 405, "Method not allowed")
			if got := a.Header.Get("Allow"); got != "GET, HEAD, PUT, DELETE" {
				t.Errorf("Allow %s", got)
			}
		})
	})
}

func TestPhotoInput(t *testing.T) {
	w := newWorld(t)
	s := w.newSitter(t)
	one, other := portrait(t, "image/png", 3), portrait(t, "image/gif", 4)
	s.put(t, one)
	unchanged := func(t *testing.T) {
		t.Helper()
		if a := s.as("3", "GET", s.photo, "").want(t, 200); a.Body != one {
			t.Errorf("the photo has changed to %d bytes", len(a.Body))
		}
	}
	everyVersion(func(v string) {
		put := func(photo, media string) *answer { return s.as(v, "PUT", s.photo, photo, "Content-Type", media) }

		t.Run("PHOTO-14 PHOTO-16 the bytes decide which type a photo has, version "+v, func(t *testing.T) {
			for _, media := range []string{"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/gif", "image/bmp", "image/webp", "image/*", "IMAGE/PNG; q=1"} {
				put(other, media).want(t, 200)
				if got := s.as(v, "GET", s.photo, "").Header.Get("Content-Type"); got != "image/gif" {
					t.Errorf("a GIF file that was sent as %s comes back as %s", media, got)
				}
			}
			put(one, "image/png").want(t, 200)
		})
		t.Run("PHOTO-14 ERR-5 ERR-50 other types are refused, version "+v, func(t *testing.T) {
			for _, media := range []string{"", "image/svg+xml", "image/tiff", "image", "text/html", "application/octet-stream", "application/atom+xml", "multipart/related; boundary=x"} {
				put(one, media).wantPage(t, 415, "Unsupported content type")
			}
		})
		t.Run("PHOTO-14 PHOTO-18 what is no image is refused, version "+v, func(t *testing.T) {
			for _, photo := range []string{"", "not an image", "<html><script>alert(1)</script></html>", one[:len(one)/2], one[1:], named("Jane Bennet")} {
				put(photo, "image/png").wantPage(t, 400, "Not a valid image")
			}
			unchanged(t)
		})
		t.Run("PHOTO-15 RES-65 ERR-49 what is too large is refused, version "+v, func(t *testing.T) {
			put(vast(), "image/png").wantPage(t, 413, "The photo has more than 40000000 pixels")
			put(one+strings.Repeat(" ", 10<<20), "image/png").wantPage(t, 413, "The requested upload is too large")
			unchanged(t)
			put(one+strings.Repeat(" ", 10<<20-len(one)), "image/png").want(t, 200)
			put(one, "image/png").want(t, 200)
		})
		t.Run("PHOTO-18 RES-29 ERR-43 there is no such contact, version "+v, func(t *testing.T) {
			for _, id := range []string{"fff", "0", "batch", "-", "zzz", "fffffffffffffffff", "ffffffffffffffff"} {
				path := "/m8/feeds/photos/media/default/" + id
				s.as(v, "PUT", path, one, "Content-Type", "image/png").wantPage(t, 404, "Contact not found")
				s.as(v, "PUT", path, "", "Content-Type", "image/png").wantPage(t, 404, "Contact not found")
				s.as(v, "GET", path, "").wantPage(t, 404, "Contact not found")
				s.as(v, "DELETE", path, "").wantPage(t, 404, "Contact not found")
			}
			for _, path := range []string{"/m8/feeds/photos/media/default", "/m8/feeds/photos/thumbs/default/1", "/m8/feeds/photos/media/default/1/2/3"} {
				s.as(v, "GET", path, "").wantPage(t, 404, "No such resource")
			}
		})
	})
	t.Run("QRY-26 parameters of feeds have no effect on a photo", func(t *testing.T) {
		for _, query := range []string{"?q=x&max-results=-1", "?alt=json", "?category=x&strict=true"} {
			if a := s.as("3", "GET", s.photo+query, "").want(t, 200); a.Body != one {
				t.Errorf("%s: %d bytes", query, len(a.Body))
			}
		}
	})
	t.Run("WRT-50 a deleted contact has no photo", func(t *testing.T) {
		w.as("3", "DELETE", s.self, "", "If-Match", "*").want(t, 200)
		s.as("3", "GET", s.photo, "").wantPage(t, 404, "Contact not found")
		s.as("3", "PUT", s.photo, one, "Content-Type", "image/png").wantPage(t, 404, "Contact not found")
	})
}

func TestPhotoOwners(t *testing.T) {
	w := newWorld(t)
	one := portrait(t, "image/png", 3)
	e := w.do(admin, "POST", sharedFull, named("Fitzwilliam Darcy")).want(t, 201).entry(t)
	shared := "/m8/feeds/photos/media/example.com/" + e.shortID()
	mine := w.newSitter(t)
	mine.put(t, one)

	t.Run("RES-3 RES-50 a user's photos are his own", func(t *testing.T) {
		asDefault := strings.Replace(mine.photo, "liz%40example.com", "default", 1)
		for _, path := range []string{asDefault, mine.photo, strings.Replace(mine.photo, "%40", "@", 1)} {
			if a := w.do(elizabeth, "GET", path, "").want(t, 200); a.Body != one {
				t.Errorf("%s: %d bytes", path, len(a.Body))
			}
		}
		for _, r := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			w.do(admin, r, mine.photo, "", "Content-Type", "image/png").want(t, 403)
			w.do("", r, mine.photo, "").want(t, 401)
		}
		w.do(admin, "GET", asDefault, "").want(t, 404) // his own contact of that number
	})
	t.Run("RES-42 RES-44 RES-51 the administrator gives shared contacts a photo", func(t *testing.T) {
		w.do(admin, "PUT", shared, one, "Content-Type", "image/png").want(t, 200)
		if link := w.do(admin, "GET", e.link("self"), "", "GData-Version", "3").entry(t).link(photoRel); link != shared {
			t.Errorf("the photo link is %s, want %s", link, shared)
		}
		if a := w.do(admin, "GET", shared, "").want(t, 200); a.Body != one {
			t.Errorf("GET = %d bytes", len(a.Body))
		}
		w.do(elizabeth, "GET", shared, "").wantPage(t, 403, "Cannot request contacts belonging to another user or domain")
		w.do(bingley, "PUT", shared, one, "Content-Type", "image/png").want(t, 403)
	})
	t.Run("RES-57 readers=users lets the users of the domain see the photos, and only see", func(t *testing.T) {
		if err := w.Server.Auth.SetDomain(t.Context(), domain, "readers", "users"); err != nil {
			t.Fatal(err)
		}
		if a := w.do(elizabeth, "GET", shared, "").want(t, 200); a.Body != one {
			t.Errorf("GET = %d bytes", len(a.Body))
		}
		w.do(elizabeth, "PUT", shared, one, "Content-Type", "image/png").want(t, 403)
		w.do(elizabeth, "DELETE", shared, "").want(t, 403)
		w.do(elizabeth, "POST", shared, "", "X-HTTP-Method-Override", "DELETE").want(t, 403)
		w.do(bingley, "GET", shared, "").want(t, 403)
		w.do(admin, "DELETE", shared, "").want(t, 200)
		w.do(elizabeth, "GET", shared, "").want(t, 404)
	})
}

// BenchmarkPhotoNotModified asks for a photo that has not changed, and for
// comparison gets an answer without content from the same handler.
func BenchmarkPhotoNotModified(b *testing.B) {
	w := newWorld(b)
	s := w.newSitter(b)
	s.put(b, portrait(b, "image/jpeg", 512))
	h, tag := w.Server.Handler(), s.as("3", "GET", s.photo, "").Header.Get("ETag")
	for _, bm := range []struct {
		name, path string
		status     int
	}{{"photo", s.photo, 304}, {"empty", "/healthz", 200}} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, bm.path, nil)
				r.RemoteAddr = "127.0.0.1:1"
				r.Header.Set("Authorization", "GoogleLogin auth="+w.tokens[elizabeth])
				r.Header.Set("GData-Version", "3.0")
				r.Header.Set("If-None-Match", tag)
				rec := httptest.NewRecorder()
				if h.ServeHTTP(rec, r); rec.Code != bm.status {
					b.Fatal(rec.Code)
				}
			}
		})
	}
}
