package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"golang.org/x/oauth2"

	"contacts"
	"contacts/client"
)

// deviceError words the refusals of the device grant.
func deviceError(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		return err
	}
	switch r.ErrorCode {
	case "access_denied":
		return errors.New("the access was denied in the browser")
	case "expired_token":
		return errors.New("the code was not typed in time; try again")
	case "invalid_client", "unauthorized_client":
		return fmt.Errorf("the server refuses this client id: %s; register one by: contactsd app add --public 'Command line'", r.ErrorDescription)
	case "":
		return fmt.Errorf("the server has no sign-in by device: %s", r.Response.Status)
	}
	return fmt.Errorf("the server refuses to sign in: %s %s", r.ErrorCode, r.ErrorDescription)
}

// describe is the text of an error: what is wrong and, where it is known, what
// to do about it. It is free of control characters.
func (a *app) describe(err error) string {
	text, advice := a.words(err)
	text = clean(strings.TrimPrefix(text, "client: "))
	if advice != "" {
		text += "\n" + advice
	}
	return text
}

func (a *app) words(err error) (text, advice string) { // CMD-24
	var (
		answer  *client.Error
		login   *client.LoginError
		refresh *oauth2.RetrieveError
		sent    *url.Error
		op      *net.OpError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
	)
	text = err.Error()
	host := a.at
	if errors.As(err, &sent) {
		if u, parseErr := url.Parse(sent.URL); parseErr == nil {
			host = u.Scheme + "://" + u.Host
		}
	}
	switch {
	case errors.As(err, &answer):
		text = strings.ReplaceAll(text, answer.Error(), plain(answer))
		switch answer.Kind {
		case contacts.Unauthorized:
			return text, a.loginAdvice() // CMD-5
		case contacts.Forbidden:
			if a.setting(a.domain, "CONTACTS_DOMAIN") != "" {
				return text, "The shared contacts of a domain are for its administrators, and to read for all its users if they let them."
			}
		case contacts.Unavailable:
			return text, "The server is busy or being restarted; try again in a while."
		}
		return text, ""
	case errors.Is(err, client.ErrBadAuthentication):
		return "unknown user or wrong password", ""
	case errors.As(err, &login):
		if login.URL != "" {
			return text, "See " + clean(login.URL)
		}
		return text, ""
	case errors.As(err, &refresh):
		return "the access has ended: " + cmpText(refresh.ErrorDescription, refresh.ErrorCode, "the server gives no new token"), a.loginAdvice()
	case contacts.KindOf(err) == contacts.Unauthorized:
		return text, a.loginAdvice()
	case errors.As(err, &unknown):
		return fmt.Sprintf("the certificate of %s is signed by an authority that this system does not know", host),
			"If you trust it, give its certificate to 'contacts login --ca-cert FILE', or set CONTACTS_CA_CERT=FILE."
	case errors.As(err, &cert):
		return fmt.Sprintf("the certificate of %s is not valid: %v", host, cert.Err), ""
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return host + " speaks http, not https", "Is the URL of the server right?"
	case errors.As(err, &dns):
		return "there is no host " + dns.Name, "Is the URL of the server right?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at " + host, "Is the server running, and its URL right?"
	case errors.As(err, &op) && op.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "the server at " + host + " does not answer", ""
	case isBroken(err):
		return "the connection to " + host + " broke", "Try again."
	case sent != nil:
		return strings.ReplaceAll(text, sent.Error(), sent.Err.Error()), ""
	}
	return text, ""
}

// plain is what an answer of the server says, without the request.
func plain(e *client.Error) string {
	s := e.Message
	if e.Path != "" && !strings.Contains(s, e.Path) {
		s += ": " + e.Path
	}
	return fmt.Sprintf("the server says: %s (%d)", s, e.Status)
}

func (a *app) loginAdvice() string {
	if a.setting("", "CONTACTS_TOKEN") != "" {
		return "The token in CONTACTS_TOKEN is not good, or no longer."
	}
	acc, err := a.signedIn()
	if err != nil {
		return "Sign in: contacts login --server URL EMAIL"
	}
	if acc.Way == oauth2Way {
		return fmt.Sprintf("Sign in again: contacts login --server %s %s --device --client-id %s", acc.Server, acc.Email, acc.ClientID)
	}
	return fmt.Sprintf("Sign in again: contacts login --server %s %s", acc.Server, acc.Email)
}

func cmpText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
