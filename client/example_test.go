package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"strings"

	"golang.org/x/oauth2"

	"contacts"
	"contacts/auth"
	"contacts/client"
	"contacts/reply/replytest"
	"contacts/server"
)

var ctx = context.Background()

// start runs a server for one example, with an administrator's account. It
// returns its URL and what ends it.
func start() (url string, stop func()) {
	dir, err := os.MkdirTemp("", "example")
	check(err)
	config := server.Defaults()
	config.Data = dir
	s, err := server.Open(ctx, config)
	check(err)
	_, err = s.Auth.AddDomain(ctx, "example.com")
	check(err)
	_, err = s.Auth.AddUser(ctx, auth.NewUser{Email: "elizabeth@example.com", Name: "Elizabeth Bennet", Admin: true, Password: "Pemberley 1813"})
	check(err)
	front := replytest.NewServer(s.Handler())
	return front.URL, func() {
		front.Close()
		check(s.Close())
		check(os.RemoveAll(dir))
	}
}

// open starts a server and signs in.
func open() (c *client.Client, stop func()) {
	url, stop := start()
	login := &client.ClientLogin{BaseURL: url, Email: "elizabeth@example.com", Password: "Pemberley 1813"}
	c, err := client.New(url, client.WithTransport(login))
	check(err)
	return c, stop
}

// insert stores a contact for the examples that need one.
func insert(c *client.Client, name string) *client.Contact {
	contact := &contacts.Contact{}
	contact.Name.SetFull(name)
	stored, err := c.InsertContact(ctx, contact)
	check(err)
	return stored
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	url, stop := start()
	defer stop()

	login := &client.ClientLogin{
		BaseURL:  url,
		Email:    "elizabeth@example.com",
		Password: "Pemberley 1813",
		Source:   "example-addressbook-1",
	}
	c, err := client.New(url, client.WithTransport(login))
	check(err)

	jane := &contacts.Contact{
		Emails: []contacts.Email{{Rel: contacts.RelHome, Address: "jane@example.com", Primary: true}},
		Phones: []contacts.Phone{{Rel: contacts.RelMobile, Number: "(206) 555-1212"}},
	}
	jane.Name.SetFull("Jane Bennet")
	stored, err := c.InsertContact(ctx, jane)
	check(err)

	stored.Notes = "Thinks well of everybody."
	_, err = c.UpdateContact(ctx, stored)
	check(err)

	for contact, err := range c.Contacts(ctx, client.Query{}) {
		check(err)
		fmt.Println(contact.Name.Full, contact.Emails[0].Address, contact.Notes)
	}
	// Output: Jane Bennet jane@example.com Thinks well of everybody.
}

func ExampleClientLogin_Login() {
	url, stop := start()
	defer stop()

	login := &client.ClientLogin{BaseURL: url, Email: "elizabeth@example.com", Password: "Longbourn"}
	err := login.Login(ctx)
	var captcha *client.CaptchaError
	switch {
	case errors.As(err, &captcha):
		// Show captcha.ImageURL and ask for the text in it.
		err = login.Login(ctx, client.WithCaptcha(captcha.Token, "brinmar"))
	case errors.Is(err, client.ErrBadAuthentication):
		fmt.Println("wrong password")
	}
	// Output: wrong password
}

func ExampleAuthSubURL() {
	url, err := client.AuthSubURL("https://contacts.example.net", client.AuthSubRequest{Next: "https://app.example.net/back", Session: true})
	check(err)
	fmt.Println(url)

	// The user comes back with a token.
	token, _, err := client.AuthSubToken("https://app.example.net/back?token=DQAADKEDE")
	check(err)
	in := &client.AuthSub{BaseURL: "https://contacts.example.net"}
	in.SetToken(token)
	// Now in.Upgrade exchanges it for one that lasts.

	// Output: https://contacts.example.net/accounts/AuthSubRequest?next=https%3A%2F%2Fapp.example.net%2Fback&scope=https%3A%2F%2Fwww.google.com%2Fm8%2Ffeeds%2F&secure=0&session=1
}

func ExampleOAuth2() {
	const url = "https://contacts.example.net"
	endpoint, err := client.OAuth2Endpoint(url)
	check(err)
	config := &oauth2.Config{ClientID: "id", ClientSecret: "secret", Endpoint: endpoint, Scopes: []string{client.Scope}}
	token := &oauth2.Token{AccessToken: "ya29", RefreshToken: "1/fFBGRNJru1FQd44AzqT3Zg"} // from config.Exchange
	in := &client.OAuth2{BaseURL: url, Source: config.TokenSource(ctx, token), Config: config}
	_, err = client.New(url, client.WithTransport(in))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleOAuth1() {
	const url = "https://contacts.example.net"
	in := &client.OAuth1{
		BaseURL:        url,
		ConsumerKey:    "key",
		ConsumerSecret: "secret",
		Requestor:      "elizabeth@example.com", // two-legged: as her
	}
	_, err := client.New(url, client.WithTransport(in))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_Contacts() {
	c, stop := open()
	defer stop()
	insert(c, "Jane Bennet")
	insert(c, "Mary Bennet")
	insert(c, "Charles Bingley")

	for contact, err := range c.Contacts(ctx, client.Query{Text: "bennet", OrderBy: "lastmodified", SortOrder: "descending"}) {
		check(err)
		fmt.Println(contact.Name.Full)
	}
	// Output:
	// Mary Bennet
	// Jane Bennet
}

func ExampleClient_ContactPage() {
	c, stop := open()
	defer stop()
	insert(c, "Jane Bennet")
	insert(c, "Mary Bennet")
	insert(c, "Kitty Bennet")

	page, err := c.ContactPage(ctx, client.Query{MaxResults: 2})
	check(err)
	fmt.Println(len(page.Items), "of", page.Total)
	page, err = c.ContactPage(ctx, client.Query{Feed: page.Next})
	check(err)
	fmt.Println(page.Items[0].Name.Full)
	// Output:
	// 2 of 3
	// Kitty Bennet
}

func ExampleClient_Contact() {
	c, stop := open()
	defer stop()
	id := insert(c, "Jane Bennet").Entry.ID()

	contact, err := c.Contact(ctx, id)
	check(err)
	fmt.Println(contact.Name.Given, contact.Name.Family)
	_, err = c.Contact(ctx, "77f272e18a99d7b0")
	fmt.Println(errors.Is(err, contacts.NotFound))
	// Output:
	// Jane Bennet
	// true
}

func ExampleClient_UpdateContact() {
	c, stop := open()
	defer stop()
	contact := insert(c, "Jane Bennet")

	contact.Nickname = "Jenny"
	updated, err := c.UpdateContact(ctx, contact)
	check(err)
	fmt.Println(updated.Nickname)

	// The contact that was read first is now old.
	_, err = c.UpdateContact(ctx, contact)
	fmt.Println(errors.Is(err, contacts.Stale))
	_, err = c.UpdateContact(ctx, contact, client.Force())
	fmt.Println(err)
	// Output:
	// Jenny
	// true
	// <nil>
}

func ExampleClient_PatchContact() {
	c, stop := open()
	defer stop()
	contact := insert(c, "Jane Bennet")

	change := &contacts.Contact{Emails: []contacts.Email{{Rel: contacts.RelWork, Address: "jane@example.com"}}}
	patched, err := c.PatchContact(ctx, contact, change, "gContact:nickname")
	check(err)
	fmt.Println(patched.Name.Full, patched.Emails[0].Address)
	// Output: Jane Bennet jane@example.com
}

func ExampleClient_DeleteContact() {
	c, stop := open()
	defer stop()
	contact := insert(c, "George Wickham")

	fmt.Println(c.DeleteContact(ctx, contact))
	// Output: <nil>
}

func ExampleClient_Groups() {
	c, stop := open()
	defer stop()

	family, err := c.InsertGroup(ctx, &contacts.Group{Name: "Sisters"})
	check(err)
	jane := &contacts.Contact{Memberships: []contacts.Membership{{Group: family.ID}}}
	jane.Name.SetFull("Jane Bennet")
	_, err = c.InsertContact(ctx, jane)
	check(err)

	for group, err := range c.Groups(ctx, client.Query{}) {
		check(err)
		fmt.Println(group.Name)
	}
	for contact, err := range c.Contacts(ctx, client.Query{Group: family.Entry.ID()}) {
		check(err)
		fmt.Println("in Sisters:", contact.Name.Full)
	}
	// Output:
	// System Group: My Contacts
	// System Group: Friends
	// System Group: Family
	// System Group: Coworkers
	// Sisters
	// in Sisters: Jane Bennet
}

func ExampleClient_UpdateGroup() {
	c, stop := open()
	defer stop()
	inserted, err := c.InsertGroup(ctx, &contacts.Group{Name: "Sisters"})
	check(err)

	group, err := c.Group(ctx, inserted.Entry.ID())
	check(err)
	group.Name = "The Bennet sisters"
	group, err = c.UpdateGroup(ctx, group)
	check(err)
	fmt.Println(group.Name)

	group, err = c.PatchGroup(ctx, group, &contacts.Group{Properties: []contacts.Property{{Name: "colour", Value: "green"}}})
	check(err)
	fmt.Println(group.Name, group.Properties[0].Value)

	page, err := c.GroupPage(ctx, client.Query{})
	check(err)
	fmt.Println(page.Total, "with the system groups")
	fmt.Println(c.DeleteGroup(ctx, group))
	// Output:
	// The Bennet sisters
	// The Bennet sisters green
	// 5 with the system groups
	// <nil>
}

func ExampleClient_PutPhoto() {
	c, stop := open()
	defer stop()
	contact := insert(c, "Jane Bennet")
	var picture bytes.Buffer
	check(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))

	_, err := c.PutPhoto(ctx, contact, &picture, "image/png")
	check(err)

	contact, err = c.Contact(ctx, contact.Entry.ID()) // with the photo it is another state
	check(err)
	photo, err := c.Photo(ctx, contact)
	check(err)
	fmt.Println(photo.ContentType)

	check(c.DeletePhoto(ctx, contact))
	_, err = c.Photo(ctx, contact)
	fmt.Println(errors.Is(err, client.ErrNoPhoto))
	// Output:
	// image/png
	// true
}

func ExampleClient_BatchContacts() {
	c, stop := open()
	defer stop()
	wickham := insert(c, "George Wickham")

	jane := &client.Contact{}
	jane.Name.SetFull("Jane Bennet")
	results, err := c.BatchContacts(ctx, []client.ContactOp{
		{Op: client.OpInsert, Contact: jane},
		{Op: client.OpDelete, Contact: wickham},
		{Op: client.OpGet, Contact: wickham},
	})
	check(err)
	for _, r := range results {
		fmt.Println(r.Status, errors.Is(r.Err, contacts.NotFound))
	}
	// Output:
	// 201 false
	// 200 false
	// 404 true
}

func ExampleClient_BatchGroups() {
	c, stop := open()
	defer stop()

	results, err := c.BatchGroups(ctx, []client.GroupOp{
		{Op: client.OpInsert, Group: &client.Group{Group: contacts.Group{Name: "Sisters"}}},
		{Op: client.OpInsert, Group: &client.Group{Group: contacts.Group{Name: "Officers"}}},
	})
	check(err)
	for _, r := range results {
		fmt.Println(r.Status, r.Group.Name)
	}
	// Output:
	// 201 Sisters
	// 201 Officers
}

func ExampleClient_Changes() {
	c, stop := open()
	defer stop()
	insert(c, "Jane Bennet")

	// The first time: everything.
	changes, err := c.Changes(ctx, client.Mark{})
	check(err)
	known := map[string]string{} // by id
	apply := func() {
		for contact, err := range changes.All(ctx) {
			check(err)
			if contact.Deleted {
				fmt.Println("deleted:", known[contact.Entry.ID()])
				delete(known, contact.Entry.ID())
			} else if known[contact.Entry.ID()] != contact.Name.Full {
				known[contact.Entry.ID()] = contact.Name.Full
				fmt.Println("changed:", contact.Name.Full)
			}
		}
	}
	apply()
	mark := changes.Mark() // keep it, as text

	wickham := insert(c, "George Wickham")
	check(c.DeleteContact(ctx, wickham))
	insert(c, "Charles Bingley")
	known[wickham.Entry.ID()] = "George Wickham"

	changes, err = c.Changes(ctx, mark)
	check(err)
	apply()
	// Output:
	// changed: Jane Bennet
	// deleted: George Wickham
	// changed: Charles Bingley
}

func ExampleClient_GroupChanges() {
	c, stop := open()
	defer stop()

	changes, err := c.GroupChanges(ctx, client.Mark{})
	check(err)
	for group, err := range changes.All(ctx) {
		check(err)
		fmt.Println(group.System)
	}
	// Output:
	// Contacts
	// Friends
	// Family
	// Coworkers
}

func ExampleClient_Domain() {
	c, stop := open()
	defer stop()

	shared := c.Domain("example.com")
	insert(shared, "Sir William Lucas")
	for contact, err := range shared.Contacts(ctx, client.Query{}) {
		check(err)
		fmt.Println(contact.Name.Full)
	}
	// Output: Sir William Lucas
}

func ExampleClient_Profiles() {
	c, stop := open()
	defer stop()

	for _, err := range c.Profiles(ctx, "example.com", client.Query{}) {
		fmt.Println(errors.Is(err, contacts.Unimplemented)) // contactsd has none
	}
	// Output: true
}

func ExampleError() {
	c, stop := open()
	defer stop()

	_, err := c.InsertContact(ctx, &contacts.Contact{Emails: []contacts.Email{{Rel: "palace", Address: "jane@example.com"}}})
	var refusal *client.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Status, refusal.Code, refusal.Path, strings.HasPrefix(refusal.Message, "Unknown rel"))
	}
	// Output: 400 invalidAttributeValue gd:email[1]/@rel true
}
