// Package client reads and writes contacts over the Contacts Data API, on
// contactsd and on any other server that speaks versions 1, 2 or 3 of it.
//
//	login := &client.ClientLogin{BaseURL: url, Email: "elizabeth@example.com", Password: password}
//	c, err := client.New(url, client.WithTransport(login))
//	if err != nil {
//		return err
//	}
//	for contact, err := range c.Contacts(ctx, client.Query{Text: "bennet"}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(contact.Name.Full, contact.Emails)
//	}
//
// # Clients
//
// A Client belongs to one server and to the contacts of one owner: of the user
// who is signed in, of another user (WithOwner), or of a domain (Domain), whose
// shared contacts all its users see. It is made once, is safe for concurrent
// use, and keeps nothing.
//
// # Signing in
//
// Each way to sign in is an http.RoundTripper for WithTransport, and can as
// well sign requests that a program makes without this package.
//
//   - ClientLogin takes e-mail address and password, gets a token at the first
//     request, and a new one when that expires. CaptchaError asks for a picture's
//     text, see WithCaptcha.
//   - OAuth2 takes any oauth2.TokenSource.
//   - AuthSub takes the token that a user brings back from AuthSubURL; Upgrade
//     makes it last. With a key it is a secure one.
//   - OAuth1 is OAuth 1.0a, with a token of the user (three-legged) or for all
//     users of a domain whose administrator trusts the program (two-legged).
//
// Tokens and signed requests never go to another scheme, host or port than
// those of the base URL. Links to other hosts, which servers behind proxies
// write, are followed on the base URL; links that are none of the API are
// refused, and redirects are not followed.
//
// # Contacts and groups
//
// The data of a contact are those of contacts.Contact; Contact adds the Entry,
// with what the server says of it: id, links, and the ETag that names its
// state. Read a contact, change its fields, and give it to UpdateContact: it
// replaces the whole contact, and fails with kind contacts.Stale if someone else
// has changed that in between. What this package has no field for is kept with
// the contact and written back with it, so an update loses nothing that another
// program has stored. PatchContact instead changes only what it is given.
//
// Version 1 has no ETags: its edit links name the state. Versions 1 and 2 show
// the private contacts of users without the parts of names and without what only
// version 3 knows; an update in such a version leaves all that alone.
//
// Elements with a rel and a label have one of the two. If both are set, the
// label is sent; if none is, the rel other, where there is one.
//
// # Many contacts
//
// Iterators read page after page, and keep no more than one. BatchContacts
// carries out many operations in few requests, each with a result of its own.
// Changes tells what has happened since a Mark, which programs keep from one run
// to the next, with the deletions.
//
// # Errors
//
// What a server answers is an *Error with status, code, message and body, and
// one of the kinds of package contacts:
//
//	if errors.Is(err, contacts.NotFound) {
//
// *ConflictError has the entry as it is now, where the server sends it.
// Requests that can be repeated are, after 500 and 503 and, if doing them twice
// is as good as once, after a connection broke; see WithRetries. An error of the
// network after an insert or a batch therefore leaves open whether it was
// carried out.
//
// Photos of up to 32 MiB and other answers of up to 64 MiB are read; a longer one
// is an error, and so is a web page in place of data.
//
// # Examples
//
// The examples below are run against contactsd, and show every operation.
package client // LIB-69
