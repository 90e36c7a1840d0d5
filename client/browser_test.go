package client_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var (
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// grant is a user before a browser who is sent to a page, signs in and lets
// the program in. It returns where the browser leaves the server.
func (w *world) grant(t testing.TB, page string) *url.URL {
	t.Helper()
	var left *url.URL
	jar := must(cookiejar.New(nil))(t)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), w.URL) {
			left = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(page)
	for _, fields := range []url.Values{
		{"email": {elizabeth}, "password": {password}, "do": {"sign-in"}},
		{"do": {"allow"}},
	} {
		if err != nil {
			t.Fatal(err)
		}
		body := must(io.ReadAll(resp.Body))(t)
		resp.Body.Close()
		if left != nil {
			break
		}
		action := formAction.FindSubmatch(body)
		if action == nil {
			t.Fatalf("no form on the page %s: %s\n%s", resp.Request.URL, resp.Status, body)
		}
		for _, m := range hiddenField.FindAllSubmatch(body, -1) {
			fields.Set(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
		}
		resp, err = browser.PostForm(must(resp.Request.URL.Parse(html.UnescapeString(string(action[1]))))(t).String(), fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if left == nil {
		body := must(io.ReadAll(resp.Body))(t)
		t.Fatalf("the browser stays at %s: %s\n%s", resp.Request.URL, resp.Status, body)
	}
	return left
}
