package server

import "contacts"

// The samples are the neighbourhood of Longbourn, as Jane and Elizabeth Bennet
// would keep it. Telephone numbers and domains are those set aside for fiction.

// sampleGroups are groups that Elizabeth made.
var sampleGroups = []string{"Derbyshire", "Whist evenings"}

// privateSamples are Elizabeth's own contacts.
func privateSamples() []sample {
	longbourn := contacts.Address{Rel: contacts.RelHome, HouseName: "Longbourn House", Street: "1 Longbourn Lane", City: "Meryton",
		Region: "Hertfordshire", Postcode: "SG99 1AA", Country: "United Kingdom", CountryCode: "GB"}
	bennet := func(name, nickname, email, birthday, relation string, more ...string) sample {
		return sample{
			contacts.Contact{
				Name:      contacts.Name{Full: name + " Bennet", Given: name, Family: "Bennet"},
				Nickname:  nickname,
				Gender:    contacts.GenderFemale,
				Birthday:  birthday,
				Emails:    []contacts.Email{{Rel: contacts.RelHome, Address: email, Primary: true}},
				Addresses: []contacts.Address{longbourn},
				Relations: []contacts.Relation{{Rel: relation, Person: "Elizabeth Bennet"}},
				Hobbies:   more,
			},
			[]string{"Contacts", "Family"},
		}
	}
	jane := bennet("Jane", "", "jane@example.com", "1789-03-12", "sister", "Riding")
	jane.Phones = []contacts.Phone{
		{Rel: contacts.RelMobile, Number: "07700 900101", URI: "tel:+447700900101", Primary: true},
		{Label: "Netherfield", Number: "01632 960111"},
	}
	jane.Events = []contacts.Event{{Label: "Ball at Netherfield", Start: "1811-11-26", Value: "Danced twice with Mr. Bingley"}}
	jane.Notes = "Catches colds on horseback."
	mary := bennet("Mary", "", "mary@example.com", "1793-01-20", "sister", "Pianoforte", "Reading sermons")
	kitty := bennet("Catherine", "Kitty", "kitty@example.com", "1794-06-02", "sister", "Bonnets")
	lydia := sample{
		contacts.Contact{
			Name:       contacts.Name{Full: "Lydia Wickham", Given: "Lydia", Family: "Wickham"},
			MaidenName: "Bennet",
			Gender:     contacts.GenderFemale,
			Birthday:   "1796-06-14",
			Emails:     []contacts.Email{{Rel: contacts.RelHome, Address: "lydia.wickham@example.org", DisplayName: "Mrs. Wickham"}},
			IMs:        []contacts.IM{{Rel: contacts.RelHome, Address: "lydia@chat.example.org", Protocol: "JABBER", Primary: true}},
			Relations:  []contacts.Relation{{Rel: "sister", Person: "Elizabeth Bennet"}, {Rel: "spouse", Person: "George Wickham"}},
			Hobbies:    []string{"Officers", "Balls"},
			Jots:       []contacts.Jot{{Rel: "user", Text: "Do not lend money."}},
		},
		[]string{"Contacts", "Family"},
	}
	mother := bennet("Fanny", "Mamma", "mrs.bennet@example.com", "--09-30", "mother", "Visiting")
	mother.Name.Prefix, mother.Name.Full, mother.MaidenName = "Mrs.", "Mrs. Fanny Bennet", "Gardiner"
	mother.Notes = "Her nerves."
	father := sample{
		contacts.Contact{
			Name:        contacts.Name{Full: "Mr. Bennet", Prefix: "Mr.", Family: "Bennet"},
			Nickname:    "Papa",
			Gender:      contacts.GenderMale,
			Occupation:  "Gentleman",
			Sensitivity: "private",
			Addresses:   []contacts.Address{longbourn},
			Phones:      []contacts.Phone{{Label: "Library", Number: "01632 960102"}},
			Relations:   []contacts.Relation{{Rel: "father", Person: "Elizabeth Bennet"}},
			UserDefined: []contacts.UserDefined{{Key: "Interrupt", Value: "never in the library"}},
		},
		[]string{"Contacts", "Family"},
	}
	return []sample{
		jane, mary, kitty, lydia, mother, father,
		{contacts.Contact{
			Name:     contacts.Name{Full: "Charlotte Collins", Given: "Charlotte", Family: "Collins"},
			Emails:   []contacts.Email{{Rel: contacts.RelHome, Address: "charlotte@hunsford.example.org"}},
			Birthday: "--04-07",
			Addresses: []contacts.Address{{Rel: contacts.RelHome, HouseName: "The Parsonage", Street: "2 Hunsford Road", City: "Westerham",
				Region: "Kent", Postcode: "TN99 2BB", Country: "United Kingdom", CountryCode: "GB"}},
			MaidenName: "Lucas",
			Hobbies:    []string{"Poultry"},
		}, []string{"Contacts", "Friends", "Whist evenings"}},
		{contacts.Contact{
			Name:     contacts.Name{Full: "Fitzwilliam Darcy", Given: "Fitzwilliam", Family: "Darcy"},
			Gender:   contacts.GenderMale,
			Priority: "high",
			Emails: []contacts.Email{
				{Rel: contacts.RelHome, Address: "darcy@pemberley.example.org", Primary: true},
				{Label: "Town", Address: "f.darcy@example.net"},
			},
			Phones: []contacts.Phone{{Rel: contacts.RelMobile, Number: "07700 900108"}},
			Addresses: []contacts.Address{
				{Rel: contacts.RelHome, Primary: true, HouseName: "Pemberley", Street: "Pemberley Park", City: "Lambton", Region: "Derbyshire",
					Postcode: "DE99 3CC", Country: "United Kingdom", CountryCode: "GB"},
				{Label: "Town", Street: "5 Grosvenor Street", City: "London", Country: "United Kingdom", CountryCode: "GB"},
			},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Primary: true, Name: "Pemberley Estate", Title: "Master",
				Where: contacts.Where{Value: "Derbyshire"}}},
			Websites:    []contacts.Website{{Rel: "home-page", Href: "https://pemberley.example.org/", Primary: true}},
			ExternalIDs: []contacts.ExternalID{{Label: "Estate ledger", Value: "10000"}},
			Events:      []contacts.Event{{Label: "First met", Start: "1811-10-15", Value: "Tolerable, he said"}},
			Languages:   []contacts.Language{{Code: "en"}, {Code: "fr"}},
			Properties:  []contacts.Property{{Name: "http://example.com/first-impression", Value: "pride"}},
		}, []string{"Contacts", "Friends", "Derbyshire", "Whist evenings"}},
		{contacts.Contact{
			Name:      contacts.Name{Full: "Georgiana Darcy", Given: "Georgiana", Family: "Darcy"},
			Gender:    contacts.GenderFemale,
			Emails:    []contacts.Email{{Rel: contacts.RelHome, Address: "georgiana@pemberley.example.org"}},
			Relations: []contacts.Relation{{Rel: "brother", Person: "Fitzwilliam Darcy"}},
			Hobbies:   []string{"Pianoforte", "Drawing"},
		}, []string{"Contacts", "Friends", "Derbyshire"}},
		{contacts.Contact{
			Name:   contacts.Name{Full: "Col. Richard Fitzwilliam", Prefix: "Col.", Given: "Richard", Family: "Fitzwilliam"},
			Phones: []contacts.Phone{{Rel: "work_mobile", Number: "07700 900110"}},
			CalendarLinks: []contacts.CalendarLink{{Rel: "free-busy", Href: "https://calendar.example.org/fitzwilliam",
				Primary: true}},
		}, []string{"Friends", "Derbyshire"}},
		{contacts.Contact{
			Name:      contacts.Name{Full: "Madeline Gardiner", Given: "Madeline", Family: "Gardiner"},
			Nickname:  "Aunt Gardiner",
			Emails:    []contacts.Email{{Rel: contacts.RelHome, Address: "m.gardiner@example.net"}},
			Addresses: []contacts.Address{{Rel: contacts.RelHome, Street: "12 Gracechurch Street", City: "London", Postcode: "EC99 4DD", Country: "United Kingdom", CountryCode: "GB"}},
			Relations: []contacts.Relation{{Label: "aunt", Person: "Elizabeth Bennet"}},
			Notes:     "Grew up in Lambton; knows every tree of the road to Pemberley.",
		}, []string{"Contacts", "Family", "Derbyshire"}},
		{contacts.Contact{
			Name:   contacts.Name{Full: "Clarke's Library"},
			Phones: []contacts.Phone{{Rel: "main", Number: "01632 960112"}},
			Addresses: []contacts.Address{{Rel: contacts.RelWork, Street: "7 High Street", City: "Meryton", Region: "Hertfordshire",
				Postcode: "SG99 5EE", Country: "United Kingdom", CountryCode: "GB"}},
			Websites: []contacts.Website{{Rel: contacts.RelWork, Href: "https://library.example.net/"}},
		}, nil},
	}
}

// sharedSamples are the shared contacts of the domain.
func sharedSamples() []sample {
	netherfield := contacts.Address{Rel: contacts.RelHome, HouseName: "Netherfield Park", Street: "3 Meryton Road", City: "Meryton",
		Region: "Hertfordshire", Postcode: "SG99 6FF", Country: "United Kingdom", CountryCode: "GB"}
	return []sample{
		{contacts.Contact{
			Name:      contacts.Name{Full: "Charles Bingley", Given: "Charles", Family: "Bingley"},
			Emails:    []contacts.Email{{Rel: contacts.RelHome, Address: "bingley@netherfield.example.org", Primary: true}},
			Phones:    []contacts.Phone{{Rel: contacts.RelHome, Number: "01632 960113"}, {Rel: "fax", Number: "01632 960114"}},
			Addresses: []contacts.Address{netherfield},
			Hobbies:   []string{"Balls"},
		}, nil},
		{contacts.Contact{
			Name:      contacts.Name{Full: "Caroline Bingley", Given: "Caroline", Family: "Bingley"},
			Emails:    []contacts.Email{{Rel: contacts.RelHome, Address: "caroline@netherfield.example.org"}},
			Addresses: []contacts.Address{netherfield},
		}, nil},
		{contacts.Contact{
			Name:   contacts.Name{Full: "Lady Catherine de Bourgh", Prefix: "Lady", Given: "Catherine", Family: "de Bourgh"},
			Emails: []contacts.Email{{Rel: contacts.RelOther, Address: "lady.catherine@rosings.example.org"}},
			Addresses: []contacts.Address{{Rel: contacts.RelHome, HouseName: "Rosings Park", Street: "1 Hunsford Road", City: "Westerham",
				Region: "Kent", Postcode: "TN99 1AA", Country: "United Kingdom", CountryCode: "GB"}},
			Priority: "high",
			Notes:    "Expects to be consulted.",
		}, nil},
		{contacts.Contact{
			Name:   contacts.Name{Full: "Rev. William Collins", Prefix: "Rev.", Given: "William", Family: "Collins"},
			Emails: []contacts.Email{{Rel: contacts.RelWork, Address: "rector@hunsford.example.org", Primary: true}},
			Phones: []contacts.Phone{{Rel: contacts.RelWork, Number: "01632 960115"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Primary: true, Name: "Hunsford Church", Title: "Rector",
				JobDescription: "Patroness: Lady Catherine de Bourgh"}},
			Properties: []contacts.Property{{Name: "http://example.com/letters", XML: "<letters xmlns=\"http://example.com/ns\"><olive-branch>1</olive-branch></letters>"}},
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "Sir William Lucas", Prefix: "Sir", Given: "William", Family: "Lucas"},
			Emails:        []contacts.Email{{Rel: contacts.RelHome, Address: "sir.william@lucaslodge.example.org"}},
			Organizations: []contacts.Organization{{Label: "Former office", Name: "Town of Meryton", Title: "Mayor"}},
			Addresses:     []contacts.Address{{Rel: contacts.RelHome, HouseName: "Lucas Lodge", Street: "9 Meryton Road", City: "Meryton", Country: "United Kingdom", CountryCode: "GB"}},
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "Edward Gardiner", Given: "Edward", Family: "Gardiner"},
			Emails:        []contacts.Email{{Rel: contacts.RelWork, Address: "edward@gardiner-trade.example.net"}},
			Phones:        []contacts.Phone{{Rel: "company_main", Number: "020 7946 0101"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Name: "Gardiner Warehouses", Title: "Owner", Department: "Cheapside"}},
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "Mr. Philips", Prefix: "Mr.", Family: "Philips"},
			Occupation:    "Attorney",
			Emails:        []contacts.Email{{Rel: contacts.RelWork, Address: "office@philips-law.example.net"}},
			Phones:        []contacts.Phone{{Rel: contacts.RelWork, Number: "01632 960117"}, {Rel: "work_fax", Number: "01632 960118"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Name: "Philips, Attorney at Law"}},
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "Mr. Jones", Prefix: "Mr.", Family: "Jones"},
			Occupation:    "Apothecary",
			Phones:        []contacts.Phone{{Rel: contacts.RelWork, Number: "01632 960119"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Name: "Jones's Shop", Title: "Apothecary"}},
			Notes:         "Draughts for colds and headaches.",
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "Mrs. Reynolds", Prefix: "Mrs.", Family: "Reynolds"},
			Emails:        []contacts.Email{{Rel: contacts.RelWork, Address: "housekeeper@pemberley.example.org"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Name: "Pemberley Estate", Title: "Housekeeper"}},
			Notes:         "Shows the house to visitors.",
		}, nil},
		{contacts.Contact{
			Name:          contacts.Name{Full: "George Wickham", Given: "George", Family: "Wickham"},
			Emails:        []contacts.Email{{Rel: contacts.RelWork, Address: "wickham@militia.example.org"}},
			Organizations: []contacts.Organization{{Rel: contacts.RelWork, Name: "Hertfordshire Militia", Title: "Lieutenant"}},
			Jots:          []contacts.Jot{{Rel: "keywords", Text: "credit, refused"}},
		}, nil},
	}
}
