package transfer_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
)

func TestImport(t *testing.T) {
	ctx := context.Background()
	p := newPlace(t)

	t.Run("IMP-1 every entry has a verdict, and damaged ones do not stop the rest", func(t *testing.T) {
		b := p.book()
		text := card("FN:Jane Bennet", "EMAIL:jane@example.com") +
			"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Nobody\r\nTEL\r\nEND:VCARD\r\n" +
			"BEGIN:VCARD\r\nFN:Cut off\r\n" +
			card("FN:Mary Bennet", "BDAY:1793-01-20") + "stray text\r\n" + card("FN:Kitty Bennet")
		s, vs := imported(t, b, text, transfer.ImportOptions{})
		if got := names(t, b); got != "Jane Bennet, Mary Bennet, Kitty Bennet" {
			t.Errorf("the book has %s", got)
		}
		if s.Created != 3 || s.Refused != len(vs)-3 || s.Clean() {
			t.Errorf("Import() = %+v", s)
		}
		for i, v := range vs {
			if v.Entry != i+1 || v.Line == 0 || v.Outcome == transfer.Refused && v.Reason == "" {
				t.Errorf("verdict %+v", v)
			}
		}
	})

	t.Run("IMP-2 the same file again changes nothing", func(t *testing.T) {
		b := p.book()
		text := card("UID:1", "FN:Jane Bennet", "EMAIL:jane@example.com", "CATEGORIES:Family,Sisters") + card("FN:Mary Bennet") + card("FN:Kitty Bennet", "TEL:01632 960001")
		imported(t, b, text, transfer.ImportOptions{})
		before := exported(t, b, transfer.JSON)
		for _, rule := range []transfer.Rule{transfer.Skip, transfer.Merge} {
			s, vs := imported(t, b, text, transfer.ImportOptions{Rule: rule})
			if s.Same != 3 || outcomes(vs) != "same same same" {
				t.Errorf("%s: Import() = %+v", rule, s)
			}
		}
		if after := exported(t, b, transfer.JSON); after != before {
			t.Errorf("the book is\n%s\nwas\n%s", after, before)
		}
	})

	t.Run("IMP-3 rules for duplicates, by UID and by e-mail address", func(t *testing.T) {
		first := card("UID:urn:uuid:1", "FN:Jane Bennet", "EMAIL;TYPE=home:jane@example.com", "NOTE:eldest") + card("FN:Mary Bennet", "EMAIL:Mary@example.com")
		second := card("UID:1", "FN:Jane Bingley", "EMAIL;TYPE=home:jane@netherfield.example.com") + card("FN:Mary Bennet", "EMAIL:mary@EXAMPLE.com", "TEL:01632 960002")
		for _, tt := range []struct {
			rule     transfer.Rule
			outcomes string
			names    string
		}{
			{transfer.Skip, "skipped skipped", "Jane Bennet, Mary Bennet"},
			{transfer.Merge, "changed changed", "Jane Bingley, Mary Bennet"},
			{transfer.Make, "created created", "Jane Bennet, Mary Bennet, Jane Bingley, Mary Bennet"},
		} {
			b := p.book()
			imported(t, b, first, transfer.ImportOptions{})
			_, vs := imported(t, b, second, transfer.ImportOptions{Rule: tt.rule})
			if outcomes(vs) != tt.outcomes || names(t, b) != tt.names {
				t.Errorf("%s: %s, the book has %s", tt.rule, outcomes(vs), names(t, b))
			}
			if tt.rule == transfer.Merge {
				jane := find(t, b, "Jane Bingley").Contact
				if len(jane.Emails) != 2 || jane.Notes != "eldest" {
					t.Errorf("merged: %+v", jane)
				}
				if _, vs := imported(t, b, second, transfer.ImportOptions{Rule: tt.rule}); outcomes(vs) != "same same" {
					t.Errorf("merged twice: %v", vs)
				}
			}
			if tt.rule == transfer.Skip && (!strings.Contains(vs[0].Reason, "UID") || !strings.Contains(vs[1].Reason, "mary@EXAMPLE.com")) {
				t.Errorf("reasons %q and %q", vs[0].Reason, vs[1].Reason)
			}
		}
	})

	t.Run("IMP-3 people of one file who share an address are not one", func(t *testing.T) {
		b := p.book()
		text := card("FN:Mr. Bennet", "EMAIL:longbourn@example.com") + card("FN:Mrs. Bennet", "EMAIL:longbourn@example.com") + card("FN:Mrs. Bennet", "EMAIL:longbourn@example.com", "NOTE:nerves")
		for _, want := range []string{"created created skipped", "same same skipped"} {
			if _, vs := imported(t, b, text, transfer.ImportOptions{}); outcomes(vs) != want {
				t.Errorf("%s, want %s", outcomes(vs), want)
			}
		}
	})

	t.Run("IMP-4 a dry run says the same and changes nothing", func(t *testing.T) {
		b := p.book()
		imported(t, b, card("UID:1", "FN:Jane Bennet"), transfer.ImportOptions{})
		text := card("UID:1", "FN:Jane Bennet", "NICKNAME:Jane") + card("UID:2", "FN:Mary") + card("UID:2", "FN:Mary", "NOTE:plays") + card("FN:Kitty", "CATEGORIES:Sisters") + card("FN:x", "TEL")
		before := exported(t, b, transfer.JSON)
		o := transfer.ImportOptions{Rule: transfer.Merge, DryRun: true, State: t.TempDir()}
		dry, said := imported(t, b, text, o)
		if after := exported(t, b, transfer.JSON); after != before {
			t.Errorf("the book is\n%s\nwas\n%s", after, before)
		}
		o.DryRun = false
		real, done := imported(t, b, text, o)
		if outcomes(said) != outcomes(done) || dry.Created != real.Created || dry.Changed != real.Changed || strings.Join(dry.Groups, " ") != "Sisters" {
			t.Errorf("said %s, done %s; %+v and %+v", outcomes(said), outcomes(done), dry, real)
		}
		if got := outcomes(done); got != "changed created changed created refused" {
			t.Errorf("done: %s", got)
		}
	})

	t.Run("IMP-5 groups from categories are made once, and system groups are found by their names", func(t *testing.T) {
		b := p.book()
		s, _ := imported(t, b, card("FN:Jane", "CATEGORIES:sisters,Family")+card("FN:Mary", "CATEGORIES:Sisters,My Contacts"), transfer.ImportOptions{})
		if strings.Join(s.Groups, ",") != "sisters" {
			t.Errorf("groups made: %q", s.Groups)
		}
		groups, err := b.Groups(ctx)
		if err != nil || len(groups) != 5 {
			t.Errorf("Groups() = %+v, %v", groups, err)
		}
		if jane := find(t, b, "Jane").Contact; len(jane.Memberships) != 2 || !jane.MemberOf(0xe) {
			t.Errorf("Jane is in %v", jane.Memberships)
		}
	})

	t.Run("IMP-5 no group is made for an entry that is skipped or refused", func(t *testing.T) {
		b := p.book()
		imported(t, b, card("UID:1", "FN:Jane"), transfer.ImportOptions{})
		s, vs := imported(t, b, card("UID:1", "FN:Jane", "CATEGORIES:Brides")+card("FN:x", "CATEGORIES:Officers", "TEL"), transfer.ImportOptions{})
		groups, err := b.Groups(ctx)
		if err != nil || len(groups) != 4 || len(s.Groups) != 0 || outcomes(vs) != "skipped refused" {
			t.Errorf("groups %+v, %v; %+v %s", groups, err, s, outcomes(vs))
		}
	})

	t.Run("IMP-5 groups that are cards of their own", func(t *testing.T) {
		b := p.book()
		text := card("UID:1", "FN:Jane") + card("UID:2", "FN:Mary") +
			card("FN:Sisters", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "UID:9")
		imported(t, b, text, transfer.ImportOptions{})
		if got := names(t, b); got != "Jane, Mary" {
			t.Errorf("the book has %s", got)
		}
		if len(find(t, b, "Jane").Contact.Memberships) != 1 || len(find(t, b, "Mary").Contact.Memberships) != 0 {
			t.Errorf("export:\n%s", exported(t, b, transfer.VCard))
		}
	})

	t.Run("IMP-6 photos come along, and one that is no image is named", func(t *testing.T) {
		b := p.book()
		text := card("FN:Jane", "PHOTO;ENCODING=b;TYPE=GIF:"+base64.StdEncoding.EncodeToString(gif(1))) +
			card("FN:Mary", "PHOTO;ENCODING=b;TYPE=GIF:"+base64.StdEncoding.EncodeToString([]byte("not an image")))
		s, vs := imported(t, b, text, transfer.ImportOptions{})
		if s.Created != 2 || s.PhotosRefused != 1 || s.Clean() || len(vs[1].Notes) == 0 {
			t.Errorf("Import() = %+v, %+v", s, vs)
		}
		photo, err := b.Photo(ctx, find(t, b, "Jane"))
		if err != nil || string(photo.Data) != string(gif(1)) {
			t.Errorf("Photo() = %v, %v", photo, err)
		}
		if s, _ := imported(t, b, text, transfer.ImportOptions{}); s.Same != 1 {
			t.Errorf("again: %+v", s)
		}
		other := strings.Replace(text, base64.StdEncoding.EncodeToString(gif(1)), base64.StdEncoding.EncodeToString(gif(2)), 1)
		if _, vs := imported(t, b, other, transfer.ImportOptions{Rule: transfer.Merge}); vs[0].Outcome != transfer.Same || len(vs[0].Notes) != 1 {
			t.Errorf("with another photo: %+v", vs)
		}
	})

	t.Run("IMP-7 what is no file of contacts is said to be what it is", func(t *testing.T) {
		b := p.book()
		for text, want := range map[string]string{
			"":                             "empty",
			"  \r\n ":                      "empty",
			"PK\x03\x04abc":                "spreadsheet",
			"\x1f\x8b\x08":                 "compressed",
			"<!DOCTYPE html><html></html>": "HTML",
			`{"feed":{}}`:                  "not an export",
			`{"format":"contacts","x`:      "too early",
			"Name|E-mail 1 - Value|Phone 1 - Value\nJane|j@example.com|1\n": `separated by "|"`,
			"hello there":                   "no columns",
			"a,b,c\n1,2,3\n":                "no columns",
			"\x00\x01\x02\x03\x04\x05 junk": "not text",
			`{"format":"contacts","contacts":[{"notes":"` + strings.Repeat("x", transfer.MaxObjectBytes+2<<20): "more than 32 MB",
		} {
			_, err := transfer.Import(ctx, b, strings.NewReader(text), transfer.ImportOptions{})
			if !errors.Is(err, contacts.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("Import(%.40q) = %v, want %s", text, err, want)
			}
		}
		if n := names(t, b); n != "" {
			t.Errorf("the book has %s", n)
		}
	})

	t.Run("IMP-8 CSV of Google and Outlook, with columns that have no home", func(t *testing.T) {
		b := p.book()
		s, vs := imported(t, b, "First Name,Last Name,E-mail 1 - Label,E-mail 1 - Value,Labels,Shoe Size\n"+
			"Jane,Bennet,* Home,jane@example.com,* myContacts ::: Sisters,5\nMary,Bennet\nKitty,Bennet,Work,kitty@example.com,,\n", transfer.ImportOptions{})
		if outcomes(vs) != "created refused created" || vs[1].Line != 3 {
			t.Errorf("verdicts %+v", vs)
		}
		if c := s.Columns[5]; c.Name != "Shoe Size" || c.Field != "" || c.Values != 1 {
			t.Errorf("column %+v", c)
		}
		if jane := find(t, b, "Jane Bennet").Contact; !jane.MemberOf(6) || !jane.Emails[0].Primary || len(jane.Memberships) != 2 {
			t.Errorf("Jane is %+v", jane)
		}
	})

	t.Run("IMP-9 the shared contacts of a domain", func(t *testing.T) {
		b := p.open("example.com")
		text := card("FN:Charles Bingley", "EMAIL:bingley@example.org", "CATEGORIES:Friends") + card("FN:Caroline Bingley", "EMAIL:bingley@example.org")
		_, vs := imported(t, b, text, transfer.ImportOptions{})
		if outcomes(vs) != "created refused" || !strings.Contains(vs[1].Reason, "Duplicate") {
			t.Errorf("verdicts %+v", vs)
		}
	})

	t.Run("IMP-10 progress comes to its end", func(t *testing.T) {
		var last transfer.Progress
		text := strings.Repeat(card("FN:Kitty Bennet"), 250)
		if _, err := transfer.Import(ctx, p.book(), strings.NewReader(text), transfer.ImportOptions{Rule: transfer.Make, Progress: func(p transfer.Progress) {
			if p.Done < last.Done || p.Read < last.Read {
				t.Errorf("%+v after %+v", p, last)
			}
			last = p
		}}); err != nil {
			t.Fatal(err)
		}
		if last.Done != 250 || last.Read != int64(len(text)) || last.Size != last.Read {
			t.Errorf("last %+v", last)
		}
	})
}
