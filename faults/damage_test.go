package faults

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts/reply/replytest"
	"contacts/server"
)

// A site is a server in this process.
type site struct {
	url, auth string
	close     func() error
}

// open opens a server on a data directory, and does not sign in.
func open(data string, now func() time.Time) (*site, *server.Server, error) {
	c := server.Defaults()
	c.Data, c.Now = data, now
	c.IDBase = "http://contacts.example.com" // one for all copies
	c.PublicURL = c.IDBase
	s, err := server.Open(context.Background(), c)
	if err != nil {
		return nil, nil, err
	}
	web := replytest.NewServer(s.Handler())
	return &site{url: web.URL, close: func() error { web.Close(); return s.Close() }}, s, nil
}

// openNew makes a data directory with the account, and signs in.
func openNew(t *testing.T, data string, now func() time.Time) *site {
	t.Helper()
	v, s, err := open(data, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Auth.AddDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Auth.AddUser(t.Context(), server.NewUser{Email: email, Password: password}); err != nil {
		t.Fatal(err)
	}
	v.auth = v.signIn(t)
	return v
}

func (v *site) signIn(t *testing.T) string {
	t.Helper()
	res, err := http.PostForm(v.url+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	_, token, ok := strings.Cut(string(text), "\nAuth=")
	if err != nil || !ok {
		t.Fatalf("ClientLogin answers %d %s, %v", res.StatusCode, text, err)
	}
	return "GoogleLogin auth=" + strings.TrimSpace(token)
}

func (v *site) do(t *testing.T, method, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequest(method, v.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", v.auth)
	req.Header.Set("GData-Version", "3.0")
	if body != "" {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

var photoPath = regexp.MustCompile(`/m8/feeds/photos/media/[^"']*`)

// A damaged database gives an error or what was stored, and nothing else.
func TestDamage(t *testing.T) {
	t.Run("OPS-95 OPS-20 no page can be damaged so that another contact, group or photo is answered", testDamage)
}

func testDamage(t *testing.T) {
	data := t.TempDir()
	v := openNew(t, data, nil)
	const people = 300
	for i := range people {
		if status, answer := v.do(t, "POST", feedPath, person(fmt.Sprintf("Guest No%d Lucas", i), 500+i)); status != http.StatusCreated {
			t.Fatalf("POST = %d %s", status, answer)
		}
	}
	if status, answer := v.do(t, "POST", "/m8/feeds/groups/default/full", `<entry xmlns="http://www.w3.org/2005/Atom"><title>Ball at Netherfield</title></entry>`); status != http.StatusCreated {
		t.Fatalf("POST a group = %d %s", status, answer)
	}
	picture := image.NewGray(image.Rect(0, 0, 200, 200))
	random := rand.New(rand.NewPCG(1813, 1))
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.Uint32())
	}
	var photo bytes.Buffer
	if err := png.Encode(&photo, picture); err != nil {
		t.Fatal(err)
	}
	_, feed := v.do(t, "GET", feedPath+"?max-results=1", "")
	photoAt := photoPath.FindString(feed)
	if status, answer := v.do(t, "PUT", photoAt, photo.String(), "Content-Type", "image/png", "If-Match", "*"); status != http.StatusOK {
		t.Fatalf("PUT %s = %d %s", photoAt, status, answer)
	}

	requests := []string{
		feedPath + "?max-results=1000", feedPath + "?max-results=20&start-index=120", feedPath + "?q=Lucas&max-results=1000",
		feedPath + "?q=No217", feedPath + "?updated-min=2000-01-01T00:00:00Z&max-results=1000&orderby=lastmodified",
		"/m8/feeds/groups/default/full", photoAt,
	}
	entries := regexp.MustCompile(`(?s)<entry.*?</entry>`)
	stored := map[string]bool{}
	updated := regexp.MustCompile(`<updated>[^<]*</updated>`)
	read := func(v *site, path string) (int, string) {
		status, answer := v.do(t, "GET", path, "")
		if strings.Contains(path, "q=") { // the feed of a search is as old as its answer
			answer = updated.ReplaceAllString(answer, "")
		}
		return status, answer
	}
	want := map[string]string{}
	for _, path := range requests {
		status, answer := read(v, path)
		if status != http.StatusOK {
			t.Fatalf("GET %s = %d %s", path, status, answer)
		}
		want[path] = answer
		for _, e := range entries.FindAllString(answer, -1) {
			stored[e] = true
		}
	}
	if err := v.close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(data, "contacts.db"))
	if err != nil {
		t.Fatal(err)
	}

	const pageSize = 4096
	type spoiling struct {
		what string
		do   func(page []byte)
	}
	spoilings := []spoiling{
		{"a flipped bit", func(p []byte) { p[random.IntN(len(p))] ^= 1 << random.IntN(8) }},
		{"zeros", func(p []byte) { clear(p) }},
		{"noise in the middle", func(p []byte) {
			for i := 1000; i < 1512; i++ {
				p[i] = byte(random.Uint32())
			}
		}},
	}
	flips := slices.Repeat([]spoiling{{"a flipped bit among records", func(p []byte) {
		i := random.IntN(len(p))
		for p[i] == 0 { // no record
			i = random.IntN(len(p))
		}
		p[i] ^= 1 << random.IntN(8)
	}}}, 60)
	statuses := map[int]int{}
	same, closed, missing, verified := 0, 0, 0, 0
	for page := range len(whole) / pageSize {
		all := spoilings
		records := bytes.Contains(whole[page*pageSize:][:pageSize], []byte(email))
		if records {
			all = append(slices.Clone(all), flips...)
		}
		for _, spoil := range all {
			dir := t.TempDir()
			copyTree(t, data, dir)
			spoiled := bytes.Clone(whole)
			spoil.do(spoiled[page*pageSize:][:pageSize])
			if err := os.WriteFile(filepath.Join(dir, "contacts.db"), spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			d, _, err := open(dir, nil)
			if err != nil {
				closed++
				continue
			}
			d.auth = v.auth
			noticed := false
			for _, path := range requests {
				status, answer := read(d, path)
				statuses[status]++
				noticed = noticed || status == http.StatusInternalServerError
				switch {
				case status == http.StatusOK && answer == want[path]:
					same++
				case status == http.StatusOK && path == photoAt:
					t.Errorf("%s in page %d: GET %s gives another photo", spoil.what, page+1, path)
				case status == http.StatusOK: // an entry may be missing, which an index hides
					missing++
					for _, e := range entries.FindAllString(answer, -1) {
						if !stored[e] {
							t.Errorf("%s in page %d: GET %s gives what was never stored:\n%.500s", spoil.what, page+1, path, e)
							break
						}
					}
				case status == http.StatusNotFound && path == photoAt, status == http.StatusForbidden:
					missing++
				case status == http.StatusUnauthorized && records: // the token is another one now
				case status != http.StatusInternalServerError && status != http.StatusServiceUnavailable:
					t.Errorf("%s in page %d: GET %s = %d %.300s", spoil.what, page+1, path, status, answer)
				}
			}
			d.close()
			if noticed && (verified < 10 || records) {
				verified++
				if out, errs, status := run(t, "", "verify", "--data", dir); status != 1 || out+errs == "" {
					t.Errorf("%s in page %d: verify exits with %d, want 1, and says %s%s", spoil.what, page+1, status, out, errs)
				}
			}
		}
	}
	t.Logf("opens refused: %d; answers by status: %v, of them right and whole %d, with something missing %d", closed, statuses, same, missing)
	if same == 0 || statuses[http.StatusInternalServerError] == 0 {
		t.Error("the damage was never seen, or nothing could be read")
	}
}
