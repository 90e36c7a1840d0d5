package conformance

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// contactsScope is what programs ask for to read and change contacts.
const contactsScope = "https://www.google.com/m8/feeds/"

// outOfBand is the redirect URI of programs whose user copies the code.
const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

// The credentials of a program that is registered at a server.
type credentials struct{ id, secret string }

// register registers a program with the id and secret that it has built in, or
// with new ones if they are empty.
func (s *server) register(t *testing.T, name string, p credentials) credentials {
	t.Helper()
	args := []string{"app", "add", name, "--json"}
	if p.id != "" {
		args = append(args, "--client-id", p.id, "--client-secret-stdin")
	}
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(s.contactsd(t, p.secret+"\n", args...)), &made); err != nil {
		t.Fatal(err)
	}
	if p.id == "" {
		return credentials{made.ID, made.Secret}
	}
	return p
}

// code lets a user sign in and agree that a program reads and changes her
// contacts, as she would in a browser, and copies the code from the last page.
func (s *server) code(t *testing.T, p credentials, email string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	read := func(res *http.Response, err error) (*url.URL, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Request.URL, string(text)
	}
	q := url.Values{"response_type": {"code"}, "client_id": {p.id}, "redirect_uri": {outOfBand}, "scope": {contactsScope}}
	at, page := read(browser.Get(s.url + "/o/oauth2/auth?" + q.Encode()))
	for _, answer := range []url.Values{
		{"email": {email}, "password": {password}, "do": {"sign-in"}},
		{"do": {"allow"}},
	} {
		action, form := formOf(t, page)
		for name, values := range answer {
			if !strings.Contains(page, `name="`+name+`"`) {
				t.Fatalf("the page has no %s:\n%s", name, page)
			}
			form[name] = values
		}
		to, err := at.Parse(action)
		if err != nil {
			t.Fatal(err)
		}
		at, page = read(browser.PostForm(to.String(), form))
	}
	m := regexp.MustCompile(`<output[^>]*>([^<]+)</output>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the last page shows no code:\n%s", page)
	}
	return html.UnescapeString(m[1])
}

// formOf is where the form of a page goes to, with its hidden fields.
func formOf(t *testing.T, page string) (action string, fields url.Values) {
	t.Helper()
	m := regexp.MustCompile(`<form method="post" action="([^"]*)">`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page has no form:\n%s", page)
	}
	fields = url.Values{}
	for _, in := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		fields.Set(html.UnescapeString(in[1]), html.UnescapeString(in[2]))
	}
	return html.UnescapeString(m[1]), fields
}

// accessToken is a token of OAuth 2.0 for the contacts of a user.
func (s *server) accessToken(t *testing.T, p credentials, email string) string {
	t.Helper()
	res, err := http.PostForm(s.url+"/o/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "code": {s.code(t, p, email)},
		"client_id": {p.id}, "client_secret": {p.secret}, "redirect_uri": {outOfBand}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
		Error string
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("the token endpoint answers %s, %v: %s", res.Status, err, got.Error)
	}
	return got.Token
}
