package vcard

import (
	"encoding/base64"
	"strings"
	"time"
)

// readPhoto reads a photo in the card: base64 by parameter, as versions 2.1 and
// 3.0 have it, or a data: URI. A link to a photo is kept.
func readPhoto(im *importer, p *Property) bool {
	if p.Value == "" {
		return true
	}
	if im.out.Photo != nil {
		return false
	}
	data, kind := p.Value, ""
	encoding := p.Param("ENCODING")
	switch {
	case len(data) > 5 && strings.EqualFold(data[:5], "data:"):
		head, body, ok := strings.Cut(p.Text()[5:], ",") // some programs escape the comma
		mediaType, isBase64 := strings.CutSuffix(head, ";base64")
		if !ok || !isBase64 {
			return false
		}
		data = body
		kind, _, _ = strings.Cut(mediaType, ";")
	case strings.EqualFold(encoding, "b"), strings.EqualFold(encoding, "base64"):
		for i := range p.Params {
			if q := &p.Params[i]; q.Name == "TYPE" && q.Value != "" && !strings.EqualFold(q.Value, "pref") || q.Name == "MEDIATYPE" {
				kind = strings.ToLower(q.Value)
				break
			}
		}
		if kind == "jpg" {
			kind = "jpeg"
		}
		if kind != "" && strings.IndexByte(kind, '/') < 0 {
			kind = "image/" + kind
		}
	default:
		if scheme, _ := cutScheme(data); strings.HasPrefix(scheme, "http") && p.Param("VALUE") == "" { // Google's links
			im.keep(&Property{Group: p.Group, Name: p.Name, Params: append([]Param{{"VALUE", "uri"}}, p.Params...), Value: data})
			return true
		}
		return false
	}
	data = strings.TrimRight(strings.Join(strings.Fields(data), ""), "=")
	photo, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil || len(photo) == 0 {
		im.lose("PHOTO: damaged base64")
		return true
	}
	im.out.Photo, im.out.PhotoType = photo, strings.ToLower(kind)
	return true
}

func writePhoto(w *writer) {
	if len(w.o.Photo) == 0 {
		return
	}
	kind := w.o.PhotoType
	if !isPlain(kind) {
		kind = "image/jpeg"
	}
	if w.v4 {
		w.open("PHOTO")
		w.b = append(append(append(w.b, "data:"...), kind...), ";base64,"...)
	} else {
		w.with()
		w.param("ENCODING", "b")
		w.param("TYPE", strings.ToUpper(strings.TrimPrefix(kind, "image/")))
		w.openWith("PHOTO")
	}
	w.b = base64.StdEncoding.AppendEncode(w.b, w.o.Photo)
	w.close()
}

func readUID(im *importer, p *Property) bool {
	if v := strings.TrimSpace(p.Text()); v != "" && im.out.UID == "" {
		im.out.UID = v
		im.uid = Property{Name: "UID", Value: string(appendEscaped(nil, v))}
	}
	return true
}

func writeUID(w *writer) {
	if w.o.UID != "" {
		w.open("UID")
		w.b = appendEscaped(w.b, w.o.UID)
		w.close()
		return
	}
	for i := range w.kept {
		if p := &w.kept[i]; p.Name == "UID" && p.Value != "" {
			w.open("UID")
			w.b = append(w.b, p.Value...)
			w.close()
			return
		}
	}
}

// readKind sees whether the card is a group. People need no kind.
func readKind(im *importer, p *Property) bool {
	switch v := strings.ToLower(strings.TrimSpace(p.Text())); v {
	case "group":
		im.out.Group = true
	case "", "individual":
	default:
		return false
	}
	return true
}

func readMember(im *importer, p *Property) bool {
	if v := strings.TrimSpace(p.Text()); v != "" {
		im.out.Members = append(im.out.Members, BareUID(v))
	}
	return true
}

var revForms = []string{time.RFC3339Nano, "20060102T150405Z07:00", "20060102T150405Z0700", "20060102T150405.999999999Z07:00",
	"2006-01-02T15:04:05", "20060102T150405", "2006-01-02T15:04:05Z0700", time.DateOnly, "20060102"}

func readRev(im *importer, p *Property) bool {
	v := strings.TrimSpace(p.Text())
	for _, form := range revForms {
		if t, err := time.Parse(form, v); err == nil {
			im.out.Rev = t.UTC()
			break
		}
	}
	return true
}

func writeRev(w *writer) {
	if w.o.Rev.IsZero() {
		return
	}
	form := "2006-01-02T15:04:05Z"
	if w.v4 {
		form = "20060102T150405Z"
	}
	w.open("REV")
	w.b = w.o.Rev.UTC().AppendFormat(w.b, form)
	w.close()
}

// A Group is a named set of cards, as a card.
type Group struct {
	Name    string
	UID     string
	Members []string // unique ids of cards
	Rev     time.Time
}

// AppendGroup appends a group to dst, in version V3 in the way of Apple's
// programs, or in version V4.
func AppendGroup(dst []byte, g *Group, version string) []byte {
	w := writer{b: dst, o: &Options{UID: g.UID, Rev: g.Rev}, v4: version == V4}
	kind, member := "X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER"
	v := V3
	if w.v4 {
		kind, member, v = "KIND", "MEMBER", V4
	}
	w.b = append(append(append(w.b, "BEGIN:VCARD\r\nVERSION:"...), v...), '\r', '\n')
	writeUID(&w)
	line := func(name string, parts ...string) {
		w.open(name)
		w.structured(parts...)
		w.close()
	}
	line(kind, "group")
	line("FN", g.Name)
	line("N", g.Name, "", "", "", "")
	for _, m := range g.Members {
		w.open(member)
		w.b = appendURI(append(w.b, "urn:uuid:"...), BareUID(m))
		w.close()
	}
	writeRev(&w)
	return append(w.b, "END:VCARD\r\n"...)
}
