package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	t.Run("SEC-7 the log has no secrets", func(t *testing.T) {
		var log logBuffer
		c := config(t)
		c.Logger = logger(&log)
		s := open(t, c)
		v := serve(t, s)
		base := v.url
		addUser(t, s, "elizabeth@example.com", false)
		generated := s.Auth.GeneratePassword()
		if err := s.Auth.SetPassword(t.Context(), "elizabeth@example.com", generated); err != nil {
			t.Fatal(err)
		}
		token := login(t, base, "elizabeth@example.com", generated)
		wrong := "Wrong-Pemberley-Password"
		if _, err := http.PostForm(base+"/accounts/ClientLogin?Passwd="+wrong, url.Values{"Email": {"elizabeth@example.com"}, "Passwd": {wrong}, "service": {"cp"}}); err != nil {
			t.Fatal(err)
		}
		const stray = "Stray-Token-Of-Longbourn"
		do(t, "GET", base+feedPath+"?q=Netherfield&alt=json&access_token="+stray+"&oauth_token="+stray+"&xoauth_requestor_id="+stray, token, "")
		do(t, "GET", base+feedPath, stray, "")
		do(t, "POST", base+feedPath, token, entry("Lady Catherine de Bourgh"))
		do(t, "POST", base+feedPath, token, "<entry><broken>Lady Catherine")
		do(t, "GET", base+"/nothing?token="+stray, "", "")
		if err := s.Auth.SetDisabled(t.Context(), "elizabeth@example.com", true); err != nil {
			t.Fatal(err)
		}
		do(t, "GET", base+feedPath, token, "")

		if err := v.end(); err != nil { // waits for the last line
			t.Fatal(err)
		}
		text := log.String()
		if n := strings.Count(text, "msg=request"); n != 8 {
			t.Errorf("the log has %d requests, want 8:\n%s", n, text)
		}
		for _, secret := range []string{generated, token, wrong, stray, "Authorization", "GoogleLogin", "Netherfield", "Catherine", "argon2"} {
			if strings.Contains(text, secret) {
				t.Errorf("the log has %q:\n%s", secret, text)
			}
		}
		for _, shown := range []string{"method=POST", "path=" + feedPath, "status=201", "status=401", "alt=json"} {
			if !strings.Contains(text, shown) {
				t.Errorf("the log lacks %q:\n%s", shown, text)
			}
		}
	})
}
