package transfer

import (
	"reflect"
	"testing"

	"contacts"
	"contacts/vcard"
)

func TestMerge(t *testing.T) {
	withUID := func(c *contacts.Contact, uid string) *contacts.Contact {
		vcard.SetUID(c, uid)
		return c
	}
	old := withUID(&contacts.Contact{
		Name:       contacts.Name{Full: "Jane Bennet", Given: "Jane", Family: "Bennet", GivenYomi: "jein"},
		Notes:      "eldest",
		Emails:     []contacts.Email{{Rel: "home", Address: "jane@example.com", Primary: true}},
		Phones:     []contacts.Phone{{Label: "Longbourn", Number: "+44 1632 960001"}},
		Properties: []contacts.Property{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
		Extra:      contacts.Extra{{XML: "<x:y xmlns:x='urn:x'/>"}},
	}, "jane-1")
	file := withUID(&contacts.Contact{
		Name:       contacts.Name{Full: "Jane Bingley"},
		Nickname:   "Jane",
		Emails:     []contacts.Email{{Rel: "work", Address: "JANE@example.com"}, {Rel: "home", Address: "jane@netherfield.example.com", Primary: true}},
		Phones:     []contacts.Phone{{Rel: "home", Number: "+441632960001"}, {Rel: "mobile", Number: "07700 900001"}},
		Properties: []contacts.Property{{Name: "b", Value: "3"}},
		Extra:      contacts.Extra{{XML: "<x:y xmlns:x='urn:x'/><x:z xmlns:x='urn:x'/>"}},
	}, "jane-2")
	file.Normalize()

	t.Run("IMP-13 the file's word counts, lists gain, and nothing is lost", func(t *testing.T) {
		got := merge(old, file)
		want := withUID(&contacts.Contact{
			Name:       contacts.Name{Full: "Jane Bingley", Given: "Jane", Family: "Bingley", GivenYomi: "jein"},
			Notes:      "eldest",
			Nickname:   "Jane",
			Emails:     []contacts.Email{{Rel: "home", Address: "jane@example.com", Primary: true}, {Rel: "home", Address: "jane@netherfield.example.com"}},
			Phones:     []contacts.Phone{{Label: "Longbourn", Number: "+44 1632 960001"}, {Rel: "mobile", Number: "07700 900001"}},
			Properties: []contacts.Property{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}},
			Extra:      contacts.Extra{{XML: "<x:y xmlns:x='urn:x'/>"}, {XML: "<x:z xmlns:x='urn:x'/>"}},
		}, "jane-1")
		if printOf(got) != printOf(want) {
			t.Errorf("merge() = %+v\nwant %+v", got, want)
		}
		if err := got.Validate(); err != nil {
			t.Error(err)
		}
	})

	t.Run("IMP-13 merging again changes nothing", func(t *testing.T) {
		once := merge(old, file)
		if twice := merge(once, file); !reflect.DeepEqual(twice, once) {
			t.Errorf("merged twice: %+v\nonce %+v", twice, once)
		}
		if same := merge(old, old); printOf(same) != printOf(old) {
			t.Errorf("merged with itself: %+v", same)
		}
	})
}
