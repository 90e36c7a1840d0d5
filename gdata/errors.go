package gdata

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"contacts"
	"contacts/reply"
	"contacts/wire"
)

// fail writes the answer to a request that failed (7.1).
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	version, versionErr := parseVersion(r.Header.Get(versionHeader), r.URL.Query())
	if versionErr != nil {
		version = 3 // in whose form the error has a code
	}
	header := w.Header()
	for _, name := range [...]string{"ETag", "Last-Modified", "Location", "Content-Location"} {
		header.Del(name)
	}
	header[versionHeader] = versionNames[version]     // ERR-9
	header.Set("Cache-Control", "private, max-age=0") // ERR-9
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		header["Vary"] = vary
	}
	e := shown(w, err)
	status := reply.Status(err)
	if isPhoto(r) {
		photoHeaders(w)
		if status == http.StatusPreconditionFailed && e.Code == contacts.CodeConflict {
			status = http.StatusConflict // PHOTO-7
		}
	}
	switch status {
	case http.StatusUnauthorized:
		reply.Unauthorized(w, r, h.auth.Challenge(r), e.Reason) // ERR-6, AUTH-9
		return
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.Itoa(reply.RetryAfter(err))) // ERR-53
	}
	body, contentType := []byte(line(e)), "text/plain; charset=UTF-8" // ERR-1
	if version > 1 && xmlStatus[status] && acceptsXML(r.Header) {     // ERR-2, VER-35
		body, contentType = wire.AppendErrors(nil, e), "application/vnd.google.gdata.error+xml; charset=UTF-8"
	}
	if isPhoto(r) {
		body, contentType = []byte(htmlText(line(e))), "text/html; charset=UTF-8" // ERR-5
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// shown is what may be told of err: of a fault of our own only the number under
// which the log has it (ERR-8, ERR-51). What clients sent, and a reason quotes,
// becomes text that every answer can carry.
func shown(w http.ResponseWriter, err error) *contacts.Error {
	e := &contacts.Error{}
	if !errors.As(err, &e) || e.Reason == "" {
		return contacts.Errorf(contacts.KindOf(err), "", "%s", reply.Message(w, err))
	}
	if !contacts.IsText(e.Reason) {
		c := *e
		c.Reason = strings.Map(printable, e.Reason) // XML-9
		return &c
	}
	return e
}

// xmlStatus are the statuses whose errors have a document in versions 2 and 3.
var xmlStatus = map[int]bool{400: true, 403: true, 404: true, 409: true, 410: true, 412: true}

// line is an error as one line of text.
func line(e *contacts.Error) string {
	s := e.Reason
	if e.Path != "" && !strings.Contains(s, e.Path) {
		s += ": " + e.Path
	}
	return strings.Join(strings.Fields(s), " ")
}

// acceptsXML reports whether the Accept header leaves room for an XML error
// document. What cannot be read as media types excludes nothing (ERR-4, RES-69).
func acceptsXML(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || !strings.Contains(media, "/") {
			return true
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		if media == "*/*" || media == "application/*" || media == "text/*" || strings.HasSuffix(media, "xml") {
			return true
		}
	}
	return false
}
