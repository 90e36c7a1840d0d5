package gdata_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

// A season is a book to ask: contacts that came a minute apart, from
// 12:36:38.835 on, in this order. Jane was changed at 12:46:38.835, and Mr
// Wickham, who had come last, was deleted a minute later.
type season struct {
	*world
	user, contacts, groups string
	sisters, netherfield   *entry // groups
}

var guests = []struct{ name, group, rest string }{
	{"Jane Bennet", "sisters", ""},
	{"Lydia Bennet", "sisters", "<gContact:nickname>Lydïa Ünwise</gContact:nickname>"},
	{"Fitzwilliam Darcy", "", "<gd:phoneNumber label='Pemberley'>020 7946 0099</gd:phoneNumber>"},
	{"Charles Bingley", "netherfield", "<gd:email label='x' address='Charles.Bingley@Netherfield.example' displayName='Mr Cheerful'/>"},
	{"Caroline Bingley", "netherfield", "<content>Sister of Charles; accomplished</content>"},
	{"George Wickham", "netherfield", ""},
}

const eldest = `<content>Eldest of five; in Fräulein Ölund's words an “angel”</content><gContact:nickname>Janie</gContact:nickname>
	<gd:email label='Home' address='jane@longbourn.example'/><gd:phoneNumber label='Town'>+44 (20) 7946-0001</gd:phoneNumber>
	<gd:organization label='x'><gd:orgName>Gardiner &amp; Co.</gd:orgName><gd:orgTitle>Niece</gd:orgTitle><gd:orgDepartment>Nursery</gd:orgDepartment></gd:organization>
	<gd:structuredPostalAddress label='Town'><gd:street>Gracechurch Street 7</gd:street><gd:city>London</gd:city><gd:country>England</gd:country></gd:structuredPostalAddress>`

// newSeason makes the season in the book of a user's feeds.
func newSeason(t testing.TB, user, contacts, groups string, change ...func(*server.Config)) *season {
	t.Helper()
	s := &season{world: newWorld(t, change...), user: user, contacts: contacts, groups: groups}
	s.sisters = s.do(user, "POST", groups, named("Bennet Sisters")).want(t, 201).entry(t)
	s.netherfield = s.do(user, "POST", groups, named("Netherfield")).want(t, 201).entry(t)
	of := map[string]string{"sisters": member(s.sisters.ID), "netherfield": member(s.netherfield.ID)}
	added := map[string]*entry{}
	for _, g := range guests {
		added[g.name] = s.do(user, "POST", contacts, atom("<title>"+g.name+"</title>"+g.rest+of[g.group])).want(t, 201).entry(t)
		s.Clock.Add(time.Minute)
	}
	s.Clock.Add(4 * time.Minute)
	s.do(user, "PUT", added["Jane Bennet"].link("edit"), atom("<title>Jane Bennet</title>"+eldest+of["sisters"]+of["netherfield"]), "If-Match", "*").want(t, 200)
	s.Clock.Add(time.Minute)
	s.do(user, "DELETE", added["George Wickham"].link("edit"), "").want(t, 200)
	return s
}

// ownSeason is a season in Elizabeth's book, and sharedSeason one in that of
// her domain.
func ownSeason(t testing.TB, change ...func(*server.Config)) *season {
	return newSeason(t, elizabeth, contactsFull, groupsFull, change...)
}

func sharedSeason(t testing.TB, change ...func(*server.Config)) *season {
	return newSeason(t, admin, sharedFull, sharedGroups, change...)
}

const sharedGroups = "/m8/feeds/groups/example.com/full"

// ask gets the contacts of a query, {sisters} and {netherfield} standing for
// the short ids of the groups.
func (s *season) ask(query string, header ...string) *answer {
	query = strings.NewReplacer("{sisters}", s.sisters.shortID(), "{netherfield}", s.netherfield.shortID(), " ", "+").Replace(query)
	return s.do(s.user, "GET", s.contacts+"?"+query, "", header...)
}

// firsts are the first words of the titles, an unnamed entry being a tombstone.
func (f *feed) firsts() string {
	var words []string
	for _, e := range f.Entries {
		word, _, _ := strings.Cut(e.Title, " ")
		if e.Deleted != nil {
			word = "(deleted)"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

const everyone = "Jane Lydia Fitzwilliam Charles Caroline"

// What a query selects, on both kinds of book. The total is that of the entries
// without limits, and in all cases but those that limit the page their number.
func TestQueries(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"QRY-2 QRY-3 without a word a page begins with the first entry", "", everyone},
		{"QRY-4 updated-min is inclusive", "updated-min=2008-03-05T12:39:38.835Z", "Jane Charles Caroline"},
		{"QRY-4 updated-min leaves out what is older", "updated-min=2008-03-05T12:39:38.836Z", "Jane Caroline"},
		{"QRY-4 updated-min after the last change", "updated-min=2008-03-05T12:46:38.836Z", ""},
		{"QRY-5 updated-max is exclusive", "updated-max=2008-03-05T12:39:38.835Z", "Lydia Fitzwilliam"},
		{"QRY-5 updated-max takes what is older", "updated-max=2008-03-05T12:39:38.836Z", "Lydia Fitzwilliam Charles"},
		{"QRY-4 QRY-5 a span of time", "updated-min=2008-03-05T12:38:00&updated-max=2008-03-05T12:40:00", "Fitzwilliam Charles"},
		{"QRY-14 published-min is inclusive, by the time of the insert", "published-min=2008-03-05T12:37:38.835Z", "Lydia Fitzwilliam Charles Caroline"},
		{"QRY-14 published-min leaves out what came earlier", "published-min=2008-03-05T12:37:38.836Z", "Fitzwilliam Charles Caroline"},
		{"QRY-14 published-max is exclusive", "published-max=2008-03-05T12:37:38.835Z", "Jane"},
		{"QRY-14 published-max takes what came earlier", "published-max=2008-03-05T12:37:38.836Z", "Jane Lydia"},
		{"QRY-6 QRY-7 orderby sorts by updated, ascending", "orderby=lastmodified", "Lydia Fitzwilliam Charles Caroline Jane"},
		{"QRY-6 edited means lastmodified", "orderby=edited", "Lydia Fitzwilliam Charles Caroline Jane"},
		{"QRY-7 ascending may be said", "orderby=lastmodified&sortorder=ascending", "Lydia Fitzwilliam Charles Caroline Jane"},
		{"QRY-7 descending turns it round", "orderby=lastmodified&sortorder=descending", "Jane Caroline Charles Fitzwilliam Lydia"},
		{"QRY-7 sortorder without orderby has no effect", "sortorder=descending", everyone},
		{"QRY-8 showdeleted includes tombstones", "showdeleted=true", everyone + " (deleted)"},
		{"QRY-8 showdeleted=false is the default", "showdeleted=false", everyone},
		{"QRY-8 QRY-6 tombstones are sorted with the others", "showdeleted=true&orderby=lastmodified&sortorder=descending", "(deleted) Jane Caroline Charles Fitzwilliam Lydia"},

		{"QRY-12 QRY-18 a word", "q=bennet", "Jane Lydia"},
		{"QRY-18 letter case does not count", "q=BeNNeT", "Jane Lydia"},
		{"QRY-18 the beginning of a word", "q=b", "Jane Lydia Charles Caroline"},
		{"QRY-18 not its end", "q=ennet", ""},
		{"QRY-18 every word must occur", "q=charles bingley", "Charles Caroline"},
		{"QRY-18 every word must occur, in any order", "q=bingley  accomplished", "Caroline"},
		{"QRY-18 not all words occur", "q=jane lydia", ""},
		{"QRY-18 notes", "q=eldest", "Jane"},
		{"QRY-18 a word in quotation marks", "q=angel", "Jane"},
		{"QRY-18 an e-mail address", "q=charles.bingley%40netherfield.example", "Charles"},
		{"QRY-18 an e-mail address in other letter case", "q=JANE%40Longbourn.Example", "Jane"},
		{"QRY-18 the host of an e-mail address", "q=longbourn", "Jane"},
		{"QRY-18 the digits of a phone number", "q=442079460001", "Jane"},
		{"QRY-18 the first digits of a phone number", "q=4420", "Jane"},
		{"QRY-18 a phone number however it is written", "q=%2B44 20/7946.0001", "Jane"},
		{"QRY-18 digits that were written apart", "q=02079460", "Fitzwilliam"},
		{"QRY-18 a part of a phone number as it is written", "q=7946", "Jane Fitzwilliam"},
		{"QRY-18 a word and a phone number", "q=darcy 0207946", "Fitzwilliam"},
		{"QRY-18 other digits", "q=4420794600011", ""},
		{"QRY-18 an organization", "q=gardiner", "Jane"},
		{"QRY-18 a title at an organization", "q=niece", "Jane"},
		{"QRY-18 a department", "q=nursery", "Jane"},
		{"QRY-18 a nickname", "q=janie", "Jane"},
		{"QRY-18 an address", "q=gracechurch london", "Jane"},
		{"QRY-18 words of several fields", "q=janie niece england eldest 7946", "Jane"},
		{"QRY-18 umlauts", "q=fräul", "Jane"},
		{"QRY-18 umlauts in other letter case", "q=ÖLUND FRÄULEIN", "Jane"},
		{"QRY-18 umlauts at the beginning", "q=üNWISE lydÏA", "Lydia"},
		{"QRY-18 an umlaut is not the letter without it", "q=olund", ""},
		{"QRY-18 a text without letter or digit", "q=...", ""},
		{"QRY-18 what a deleted contact had", "q=wickham&showdeleted=true", ""},

		{"QRY-11 a group", "group={sisters}", "Jane Lydia"},
		{"QRY-11 another group", "group={netherfield}", "Jane Charles Caroline"},
		{"QRY-11 QRY-8 a group with former members that are deleted", "group={netherfield}&showdeleted=true", "Jane Charles Caroline (deleted)"},
		{"QRY-13 an author who is somebody else", "author=darcy%40example.com", ""},

		{"QRY-25 text and group", "q=bingley&group={sisters}", ""},
		{"QRY-25 text and time", "q=bingley&updated-min=2008-03-05T12:40:00Z", "Caroline"},
		{"QRY-25 group, time and order", "group={netherfield}&updated-min=2008-03-05T12:40:00Z&orderby=lastmodified", "Caroline Jane"},
		{"QRY-25 times of change and of insert", "updated-min=2008-03-05T12:40:00Z&published-max=2008-03-05T12:40:00Z", "Jane"},
		{"QRY-25 text, group, times, order and author", "q=b&group={netherfield}&updated-min=2008-03-05&published-min=2008-03-05T12:37:00&orderby=edited&sortorder=descending&author=OWNER", "Caroline Charles"},

		{"QRY-27 an empty q is none", "q=", everyone},
		{"QRY-27 an empty group is none", "group=", everyone},
		{"QRY-27 empty times are none", "updated-min=&updated-max=", everyone},
		{"QRY-1 QRY-2 of a repeated parameter the first value counts", "q=darcy&q=jane&updated-min=&updated-min=2009-01-01", "Fitzwilliam"},
		{"QRY-17 unknown parameters are ignored, and names are case-sensitive", "Q=jane&max_results=1&MAX-RESULTS=1&jane=bennet&strict=false", everyone},
	}
	for name, s := range map[string]*season{"own": ownSeason(t), "QRY-19 shared": sharedSeason(t)} {
		owner := map[string]string{elizabeth: elizabeth, admin: domain}[s.user]
		t.Run(name, func(t *testing.T) {
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					for _, v := range []string{"1", "2", "3"} {
						f := s.ask(strings.ReplaceAll(tt.query, "OWNER", url.QueryEscape(owner)), "GData-Version", v).want(t, 200).feed(t)
						if f.firsts() != tt.want || f.Total != len(f.Entries) {
							t.Errorf("version %s: %s selects %q of %d, want %q", v, tt.query, f.firsts(), f.Total, tt.want)
						}
					}
				})
			}
		})
	}
}

func TestQueriesForGroups(t *testing.T) {
	const system = "System System System System"
	seasons := []*season{ownSeason(t), sharedSeason(t)}
	for _, s := range seasons {
		gone := s.do(s.user, "POST", s.groups, named("Militia")).want(t, 201).entry(t)
		s.do(s.user, "DELETE", gone.link("edit"), "").want(t, 200)
	}
	for _, tt := range []struct{ name, query, own, shared string }{
		{"ELEM-106 all", "", system + " Bennet Netherfield", "Bennet Netherfield"},
		{"a text", "q=nether", "Netherfield", "Netherfield"},
		{"two words", "q=SISTERS bennet", "Bennet", "Bennet"},
		{"a text that is the name of system groups", "q=system group", system, ""},
		{"a text that matches nothing", "q=pemberley", "", ""},
		{"a span of time", "updated-min=2008-03-05T12:36:38.835Z&updated-max=2008-03-05T12:36:38.836Z", "Bennet Netherfield", "Bennet Netherfield"},
		{"a time of insert", "published-min=2008-03-05T12:36:38.836Z", "", ""},
		{"an end of time before everything", "updated-max=1969-12-31", "", ""},
		{"an end of time after the system groups", "published-max=1970-01-02", system, ""},
		{"an order", "orderby=lastmodified", system + " Bennet Netherfield", "Bennet Netherfield"},
		{"QRY-6 QRY-7 the order turned round", "orderby=lastmodified&sortorder=descending", "Netherfield Bennet " + system, "Netherfield Bennet"},
		{"QRY-6 QRY-7 a text with the order turned round", "q=s&orderby=lastmodified&sortorder=descending", "Bennet " + system, "Bennet"},
		{"deleted ones", "showdeleted=true", system + " Bennet Netherfield (deleted)", "Bennet Netherfield (deleted)"},
		{"an author who is somebody else", "author=darcy", "", ""},
		{"an empty group", "group=", system + " Bennet Netherfield", "Bennet Netherfield"},
	} {
		t.Run("QRY-24 "+tt.name, func(t *testing.T) {
			for _, s := range seasons {
				want := tt.own
				if s.user == admin {
					want = tt.shared
				}
				f := s.do(s.user, "GET", s.groups+"?"+strings.ReplaceAll(tt.query, " ", "+"), "").want(t, 200).feed(t)
				if f.firsts() != want || f.Total != len(f.Entries) {
					t.Errorf("%s %s selects %q of %d, want %q", s.groups, tt.query, f.firsts(), f.Total, want)
				}
			}
		})
	}
}
