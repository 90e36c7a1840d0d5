package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// A service account from the command that makes it to the one that removes it,
// with a well-known client library between.
func TestServiceAccount(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "key.json")
	// run runs a command on the data, and returns its output.
	run := func(args ...string) string {
		t.Helper()
		status, out, errs := call(t, nil, "Longbourn\n", append(args, "--data", data)...)
		if status != statusDone {
			t.Fatalf("%q: %s", args, errs)
		}
		return out
	}
	run("domain", "add", "example.com")
	run("user", "add", "elizabeth@example.com", "--password-stdin")
	p := serveData(t, data)
	id := strings.TrimPrefix(strings.SplitN(run("app", "add", "Housekeeper", "--service-account", file), "\n", 2)[0], "client id: ")

	key, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := google.JWTConfigFromJSON(key, "https://www.google.com/m8/feeds/")
	if err != nil {
		t.Fatal(err)
	}
	if conf.TokenURL != "https://oauth2.googleapis.com/token" {
		t.Errorf("AUTH-122: the key file leads to %s", conf.TokenURL)
	}
	conf.TokenURL = p.url + "/token"
	conf.Subject = "elizabeth@example.com"
	// ask reads the feed with a token, or with the error that there is none.
	ask := func(source oauth2.TokenSource) string {
		t.Helper()
		token, err := source.Token()
		if err != nil {
			return err.Error()
		}
		req, err := http.NewRequest(http.MethodGet, p.url+"/m8/feeds/contacts/default/full", nil)
		if err != nil {
			t.Fatal(err)
		}
		token.SetAuthHeader(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Status + "\n" + string(text)
	}
	type listed struct {
		ID, Kind, Source, App string
		Scopes                []string
	}
	tokens := func() (all []listed) {
		t.Helper()
		if err := json.Unmarshal([]byte(run("token", "list", "--json", "elizabeth@example.com")), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}

	t.Run("AUTH-124 AUTH-112 without the domain's word there is no token", func(t *testing.T) {
		if got := ask(conf.TokenSource(context.Background())); !strings.Contains(got, "unauthorized_client") {
			t.Errorf("answer: %s", got)
		}
	})
	run("domain", "set", "example.com", "delegate=Housekeeper")
	source := conf.TokenSource(context.Background()) // keeps its token
	t.Run("AUTH-110 AUTH-122 AUTH-124 with it the feed is read", func(t *testing.T) {
		if got := ask(source); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "elizabeth@example.com") {
			t.Errorf("answer: %s", got)
		}
	})
	t.Run("SEC-8 its token is listed and revoked", func(t *testing.T) {
		all := tokens()
		if len(all) != 1 || all[0].Kind != "OAuth 2.0" || all[0].Source != "Housekeeper" || all[0].App != id || len(all[0].Scopes) != 1 {
			t.Fatalf("token list: %+v", all)
		}
		if table := run("token", "list", "elizabeth@example.com"); !strings.Contains(table, "Housekeeper  https://www.google.com/m8/feeds/") {
			t.Errorf("token list:\n%s", table)
		}
		run("token", "revoke", all[0].ID)
		if got := ask(source); !strings.HasPrefix(got, "401 Token invalid") {
			t.Errorf("the revoked token gives %s", got)
		}
	})
	t.Run("AUTH-121 with the program goes what it holds", func(t *testing.T) {
		source := conf.TokenSource(context.Background())
		if got := ask(source); !strings.HasPrefix(got, "200 ") {
			t.Fatalf("answer: %s", got)
		}
		run("app", "remove", "Housekeeper")
		if got := ask(source); !strings.HasPrefix(got, "401 Token invalid") {
			t.Errorf("its token gives %s", got)
		}
		if got := ask(conf.TokenSource(context.Background())); !strings.Contains(got, "invalid_grant") {
			t.Errorf("a new token: %s", got)
		}
		if all := tokens(); len(all) != 0 {
			t.Errorf("token list: %+v", all)
		}
	})
}
