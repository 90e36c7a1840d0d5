package main

import (
	"encoding/pem"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
)

var (
	formAction = regexp.MustCompile(`<form[^>]*?(?: action="([^"]*)")?[^>]*>`)
	inputField = regexp.MustCompile(`<input[^>]*\bname="([^"]*)"[^>]*>`)
	inputValue = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// browse answers the server's page for a device as Elizabeth does in her
// browser: she signs in, and allows or denies.
func browse(page string, allow bool) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.Get(page)
	for range 6 {
		if err != nil {
			return err
		}
		body, err2 := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err2 != nil {
			return err2
		}
		text := string(body)
		if i := strings.Index(text, "<main"); i >= 0 {
			text = text[i:]
		}
		form := formAction.FindStringSubmatchIndex(text)
		if form == nil {
			return nil // the last page
		}
		action := ""
		if form[2] >= 0 {
			action = html.UnescapeString(text[form[2]:form[3]])
		}
		fields := url.Values{}
		for _, m := range inputField.FindAllStringSubmatch(text[form[0]:], -1) {
			value := ""
			if v := inputValue.FindStringSubmatch(m[0]); v != nil {
				value = html.UnescapeString(v[1])
			}
			if !strings.Contains(m[0], "checkbox") {
				fields.Add(m[1], value)
			}
		}
		switch {
		case strings.Contains(text, `name="password"`):
			fields.Set("email", elizabeth)
			fields.Set("password", password)
			fields.Set("do", "sign-in")
		case strings.Contains(text, `value="allow"`) && allow:
			fields.Set("do", "allow")
		case strings.Contains(text, `value="allow"`):
			fields.Set("do", "deny")
		}
		to, err2 := resp.Request.URL.Parse(action)
		if err2 != nil {
			return err2
		}
		resp, err = browser.PostForm(to.String(), fields)
	}
	return errors.New("the pages do not end")
}

// certificate is the certificate of a test server as PEM.
func certificate(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
