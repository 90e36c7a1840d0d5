package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"contacts"
)

// Scope stands for all contacts, groups and photos that a user may see.
const Scope = "https://www.google.com/m8/feeds/"

// ErrBadAuthentication says that user and password do not belong together.
var ErrBadAuthentication = errors.New("client: unknown user or wrong password")

// A LoginError is a refusal to sign in, or to give out or exchange a token.
type LoginError struct {
	Status  int
	Code    string // as the server has it, such as AccountDisabled or token_rejected; empty without one
	Message string // one line for people
	URL     string // of a page where the user can do something about it; mostly empty
}

func (e *LoginError) Error() string { return "client: the server refuses to sign in: " + e.Message }

// Is knows ErrBadAuthentication, and the kinds of package contacts.
func (e *LoginError) Is(target error) bool {
	if target == ErrBadAuthentication {
		return e.Code == badAuthentication // LIB-2
	}
	k, ok := target.(contacts.Kind)
	return ok && k == e.kind()
}

func (e *LoginError) kind() contacts.Kind {
	switch e.Code {
	case badAuthentication:
		return contacts.Unauthorized
	case "ServiceUnavailable":
		return contacts.Unavailable
	}
	return kinds[e.Status]
}

const badAuthentication = "BadAuthentication"

// A CaptchaError asks for the text in a picture: sign in again with
// WithCaptcha. Its kind is Unauthorized.
type CaptchaError struct {
	Token    string // for WithCaptcha; good for one try
	ImageURL string
}

func (e *CaptchaError) Error() string {
	return "client: the server wants proof of a human: the text in the picture at " + e.ImageURL
}

// Is knows the kind.
func (e *CaptchaError) Is(target error) bool { return target == contacts.Unauthorized }

// transport is t, or the default one.
func transport(t http.RoundTripper) http.RoundTripper {
	if t == nil {
		return http.DefaultTransport
	}
	return t
}

// guard makes sure that a token goes to no other scheme, host or port than
// those of the server that gave it.
func guard(baseURL string, r *http.Request) error {
	base, err := parseBase(baseURL)
	if err == nil && originOf(base) != originOf(r.URL) {
		err = fmt.Errorf("%w: %s://%s", errElsewhere, r.URL.Scheme, r.URL.Host) // LIB-67
	}
	return closing(r, err)
}

// closing closes the body of a request that is not sent after all because of
// err, as a RoundTripper must.
func closing(r *http.Request, err error) error {
	if err != nil && r.Body != nil {
		r.Body.Close()
	}
	return err
}

// withAuthorization is a copy of a request with that header, and a body of its
// own if again is set.
func withAuthorization(r *http.Request, value string, again bool) (*http.Request, error) {
	c := r.Clone(r.Context())
	c.Header.Set("Authorization", value)
	if again && r.Body != nil && r.Body != http.NoBody {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		c.Body = body
	}
	return c, nil
}

// canRepeat reports whether the body of a request can be had again.
func canRepeat(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// endpoint is the URL of one of the server's pages for signing in.
func endpoint(baseURL, path string) (string, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(base.String(), "/") + path, nil
}

// A reply is what an endpoint answers: a short text.
type reply struct {
	status int
	header http.Header
	body   string
}

// maxReply is how much of a reply is read.
const maxReply = 64 << 10

// ask sends a request to an endpoint through t. A form is posted; nil means GET.
func ask(ctx context.Context, t http.RoundTripper, url string, form url.Values, authorization string) (*reply, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := transport(t).RoundTrip(r) // which follows no redirect
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, err
	}
	return &reply{resp.StatusCode, resp.Header, string(text)}, nil
}

// lines are the lines NAME=VALUE of a reply.
func (r *reply) lines() map[string]string {
	values := map[string]string{}
	for l := range strings.Lines(r.body) {
		if name, value, ok := strings.Cut(strings.TrimRight(l, "\r\n"), "="); ok {
			values[name] = value
		}
	}
	return values
}

// err is the refusal that a reply is.
func (r *reply) err() error {
	first, _, _ := strings.Cut(strings.TrimSpace(r.body), "\n")
	e := &LoginError{Status: r.status, Message: line(first)}
	switch {
	case isHTML(&answer{status: http.StatusOK, header: r.header, body: []byte(r.body)}):
		e.Message = fmt.Sprintf("a web page with status %d; is the URL of the server right?", r.status)
	case e.Message == "":
		e.Message = fmt.Sprintf("status %d", r.status)
	case !strings.Contains(e.Message, " "):
		e.Code = e.Message
	}
	return e
}
