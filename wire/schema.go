package wire

import "contacts"

// The table of all elements and attributes below the entry, in output order
// (3.5 to 3.12). A row's number is its tag in the stored form: never change or
// reuse one.

// Columns that many structs share.
const (
	tagRel     = 1
	tagLabel   = 2
	tagPrimary = 3
	tagExtra   = 31
)

// contactShape has the elements of the contact kind, in the order of 3.5.
var contactShape = makeShape(shape[contacts.Contact]{
	kept: []field[contacts.Contact]{
		keep(1, func(c *contacts.Contact) *string { return &c.Notes }), // the content of the entry
		keep(2, func(c *contacts.Contact) *string { return &c.Photo.Version }),
	},
	elems: []elem[contacts.Contact]{
		one(3, "gd:name", func(c *contacts.Contact) *contacts.Name { return &c.Name }, name).parts(), // ELEM-49 VER-30 VER-50 VER-53

		text(4, "gContact:nickname", func(c *contacts.Contact) *string { return &c.Nickname }).parts(),                     // ELEM-60
		text(5, "gContact:maidenName", func(c *contacts.Contact) *string { return &c.MaidenName }).parts(),                 // ELEM-60
		text(6, "gContact:shortName", func(c *contacts.Contact) *string { return &c.ShortName }).parts(),                   // ELEM-60
		text(7, "gContact:initials", func(c *contacts.Contact) *string { return &c.Initials }).parts(),                     // ELEM-60
		text(8, "gContact:yomiName", func(c *contacts.Contact) *string { return &c.YomiName }).parts(),                     // ELEM-74
		value("gContact:gender", str(9, "value", func(c *contacts.Contact) *string { return &c.Gender })).parts(),          // ELEM-62
		value("gContact:birthday", str(10, "when", func(c *contacts.Contact) *string { return &c.Birthday })).parts(),      // ELEM-61
		text(11, "gContact:occupation", func(c *contacts.Contact) *string { return &c.Occupation }).parts(),                // ELEM-60
		value("gContact:sensitivity", str(12, "rel", func(c *contacts.Contact) *string { return &c.Sensitivity })).parts(), // ELEM-68
		text(13, "gContact:billingInformation", func(c *contacts.Contact) *string { return &c.BillingInformation }).parts(),
		value("gContact:priority", str(14, "rel", func(c *contacts.Contact) *string { return &c.Priority })).parts(), // ELEM-67
		text(15, "gContact:mileage", func(c *contacts.Contact) *string { return &c.Mileage }).parts(),                // ELEM-60
		text(16, "gContact:directoryServer", func(c *contacts.Contact) *string { return &c.DirectoryServer }).parts(),
		text(17, "gContact:subject", func(c *contacts.Contact) *string { return &c.Subject }).parts(), // ELEM-60
		text(18, "gContact:fileAs", func(c *contacts.Contact) *string { return &c.FileAs }).parts(),   // ELEM-60

		many(19, "gd:organization", func(c *contacts.Contact) *[]contacts.Organization { return &c.Organizations }, organization), // ELEM-43
		many(20, "gd:email", func(c *contacts.Contact) *[]contacts.Email { return &c.Emails }, email),                             // ELEM-40
		many(21, "gd:im", func(c *contacts.Contact) *[]contacts.IM { return &c.IMs }, im),                                         // ELEM-41
		many(22, "gd:phoneNumber", func(c *contacts.Contact) *[]contacts.Phone { return &c.Phones }, phone),                       // ELEM-42

		manyOf(23, "gd:structuredPostalAddress", addresses, address, showsParts), // ELEM-46 VER-31 VER-51
		manyOf(0, "gd:postalAddress", addresses, plainAddress, showsText),        // ELEM-44 ELEM-45 VER-31 VER-51

		one(24, "gd:where", func(c *contacts.Contact) *contacts.Where { return &c.Where }, where), // ELEM-51

		many(25, "gContact:event", func(c *contacts.Contact) *[]contacts.Event { return &c.Events }, event).parts(),                     // ELEM-63
		many(26, "gContact:externalId", func(c *contacts.Contact) *[]contacts.ExternalID { return &c.ExternalIDs }, externalID).parts(), // ELEM-64
		many(27, "gContact:relation", func(c *contacts.Contact) *[]contacts.Relation { return &c.Relations }, relation).parts(),         // ELEM-65
		many(28, "gContact:userDefinedField", func(c *contacts.Contact) *[]contacts.UserDefined { return &c.UserDefined }, userDefined).parts(),
		many(29, "gContact:website", func(c *contacts.Contact) *[]contacts.Website { return &c.Websites }, website).parts(), // ELEM-66
		many(30, "gContact:calendarLink", func(c *contacts.Contact) *[]contacts.CalendarLink { return &c.CalendarLinks }, calendarLink).parts(),
		many(32, "gContact:language", func(c *contacts.Contact) *[]contacts.Language { return &c.Languages }, language).parts(), // ELEM-70
		many(33, "gContact:jot", func(c *contacts.Contact) *[]contacts.Jot { return &c.Jots }, jot).parts(),                     // ELEM-71
		list(34, "gContact:hobby", func(c *contacts.Contact) *[]string { return &c.Hobbies }).parts(),                           // ELEM-72

		memberships(35, "gContact:groupMembershipInfo"), // ELEM-90 ELEM-91

		manyOf(36, "gd:extendedProperty", func(c *contacts.Contact) *[]contacts.Property { return &c.Properties }, property, showsProperty), // ELEM-50
	},
	extra:    func(c *contacts.Contact) *contacts.Extra { return &c.Extra },
	extraTag: tagExtra,
})

// contactViews are the rows of contactShape that each class of views shows.
var contactViews = func() (views [classAll + 1][]elem[contacts.Contact]) {
	for _, c := range []class{classParts, classShared, classUser} {
		views[c] = contactShape.view(c)
	}
	return views
}()

// groupShape has the elements of the group kind.
var groupShape = makeShape(shape[contacts.Group]{
	kept: []field[contacts.Group]{
		keep(1, func(g *contacts.Group) *string { return &g.Name }), // the title of the entry
	},
	elems: []elem[contacts.Group]{
		manyOf(2, "gd:extendedProperty", func(g *contacts.Group) *[]contacts.Property { return &g.Properties }, property, showsProperty), // ELEM-87 ELEM-101
	},
	extra:    func(g *contacts.Group) *contacts.Extra { return &g.Extra },
	extraTag: tagExtra,
})

var name = makeShape(shape[contacts.Name]{
	elems: []elem[contacts.Name]{
		text(1, "gd:fullName", func(n *contacts.Name) *string { return &n.Full }),
		text(2, "gd:namePrefix", func(n *contacts.Name) *string { return &n.Prefix }),
		yomi(3, "gd:givenName", func(n *contacts.Name) *string { return &n.Given }, 4, func(n *contacts.Name) *string { return &n.GivenYomi }),
		yomi(5, "gd:additionalName", func(n *contacts.Name) *string { return &n.Additional }, 6, func(n *contacts.Name) *string { return &n.AdditionalYomi }),
		yomi(7, "gd:familyName", func(n *contacts.Name) *string { return &n.Family }, 8, func(n *contacts.Name) *string { return &n.FamilyYomi }),
		text(9, "gd:nameSuffix", func(n *contacts.Name) *string { return &n.Suffix }),
	},
	extra:    func(n *contacts.Name) *contacts.Extra { return &n.Extra },
	extraTag: tagExtra,
})

var organization = makeShape(shape[contacts.Organization]{
	attrs: []attr[contacts.Organization]{
		uri(tagRel, "rel", func(o *contacts.Organization) *string { return &o.Rel }),
		str(tagLabel, "label", func(o *contacts.Organization) *string { return &o.Label }),
		flag(tagPrimary, "primary", func(o *contacts.Organization) *bool { return &o.Primary }),
	},
	elems: []elem[contacts.Organization]{
		yomi(4, "gd:orgName", func(o *contacts.Organization) *string { return &o.Name }, 5, func(o *contacts.Organization) *string { return &o.NameYomi }),
		text(6, "gd:orgTitle", func(o *contacts.Organization) *string { return &o.Title }),
		text(7, "gd:orgDepartment", func(o *contacts.Organization) *string { return &o.Department }),
		text(8, "gd:orgJobDescription", func(o *contacts.Organization) *string { return &o.JobDescription }),
		text(9, "gd:orgSymbol", func(o *contacts.Organization) *string { return &o.Symbol }),
		one(10, "gd:where", func(o *contacts.Organization) *contacts.Where { return &o.Where }, where),
	},
	extra:    func(o *contacts.Organization) *contacts.Extra { return &o.Extra },
	extraTag: tagExtra,
})

var email = makeShape(shape[contacts.Email]{
	attrs: []attr[contacts.Email]{
		uri(tagRel, "rel", func(e *contacts.Email) *string { return &e.Rel }),
		str(tagLabel, "label", func(e *contacts.Email) *string { return &e.Label }),
		str(4, "address", func(e *contacts.Email) *string { return &e.Address }).mandatory(),
		str(5, "displayName", func(e *contacts.Email) *string { return &e.DisplayName }), // VER-55
		flag(tagPrimary, "primary", func(e *contacts.Email) *bool { return &e.Primary }),
	},
	extra:     func(e *contacts.Email) *contacts.Extra { return &e.Extra },
	extraTag:  tagExtra,
	dropEmpty: true,
})

var im = makeShape(shape[contacts.IM]{
	attrs: []attr[contacts.IM]{
		str(4, "address", func(m *contacts.IM) *string { return &m.Address }).mandatory(),
		uri(5, "protocol", func(m *contacts.IM) *string { return &m.Protocol }),
		uri(tagRel, "rel", func(m *contacts.IM) *string { return &m.Rel }),
		str(tagLabel, "label", func(m *contacts.IM) *string { return &m.Label }),
		flag(tagPrimary, "primary", func(m *contacts.IM) *bool { return &m.Primary }),
	},
	extra:    func(m *contacts.IM) *contacts.Extra { return &m.Extra },
	extraTag: tagExtra,
})

var phone = makeShape(shape[contacts.Phone]{
	attrs: []attr[contacts.Phone]{
		uri(tagRel, "rel", func(p *contacts.Phone) *string { return &p.Rel }),
		str(tagLabel, "label", func(p *contacts.Phone) *string { return &p.Label }),
		str(4, "uri", func(p *contacts.Phone) *string { return &p.URI }), // VER-55
		flag(tagPrimary, "primary", func(p *contacts.Phone) *bool { return &p.Primary }),
	},
	text:      &content[contacts.Phone]{tag: 5, str: func(p *contacts.Phone) *string { return &p.Number }, required: true},
	extra:     func(p *contacts.Phone) *contacts.Extra { return &p.Extra },
	extraTag:  tagExtra,
	dropEmpty: true,
})

// address is the form of version 3, and the stored one.
var address = makeShape(shape[contacts.Address]{
	attrs: []attr[contacts.Address]{
		uri(tagRel, "rel", func(a *contacts.Address) *string { return &a.Rel }),
		str(tagLabel, "label", func(a *contacts.Address) *string { return &a.Label }),
		str(4, "mailClass", func(a *contacts.Address) *string { return &a.MailClass }),
		str(5, "usage", func(a *contacts.Address) *string { return &a.Usage }),
		flag(tagPrimary, "primary", func(a *contacts.Address) *bool { return &a.Primary }),
	},
	elems: []elem[contacts.Address]{
		text(6, "gd:formattedAddress", func(a *contacts.Address) *string { return &a.Formatted }),
		text(7, "gd:agent", func(a *contacts.Address) *string { return &a.Agent }),
		text(8, "gd:housename", func(a *contacts.Address) *string { return &a.HouseName }),
		text(9, "gd:street", func(a *contacts.Address) *string { return &a.Street }),
		text(10, "gd:pobox", func(a *contacts.Address) *string { return &a.POBox }),
		text(11, "gd:neighborhood", func(a *contacts.Address) *string { return &a.Neighborhood }),
		text(12, "gd:postcode", func(a *contacts.Address) *string { return &a.Postcode }),
		text(13, "gd:city", func(a *contacts.Address) *string { return &a.City }),
		text(14, "gd:subregion", func(a *contacts.Address) *string { return &a.Subregion }),
		text(15, "gd:region", func(a *contacts.Address) *string { return &a.Region }),
		simple("gd:country", &shape[contacts.Address]{
			attrs: []attr[contacts.Address]{str(17, "code", func(a *contacts.Address) *string { return &a.CountryCode })},
			text:  &content[contacts.Address]{tag: 16, str: func(a *contacts.Address) *string { return &a.Country }},
		}),
	},
	kept:     []field[contacts.Address]{keepFlag(18, func(a *contacts.Address) *bool { return &a.Plain })},
	extra:    func(a *contacts.Address) *contacts.Extra { return &a.Extra },
	extraTag: tagExtra,
})

// plainAddress is the form of versions 1 and 2.
var plainAddress = makeShape(shape[contacts.Address]{
	attrs: []attr[contacts.Address]{
		uri(0, "rel", func(a *contacts.Address) *string { return &a.Rel }),
		str(0, "label", func(a *contacts.Address) *string { return &a.Label }),
		flag(0, "primary", func(a *contacts.Address) *bool { return &a.Primary }),
	},
	text:  &content[contacts.Address]{str: func(a *contacts.Address) *string { return &a.Formatted }, required: true},
	extra: func(a *contacts.Address) *contacts.Extra { return &a.Extra },
	init:  func(a *contacts.Address) { a.Plain = true },
})

var where = makeShape(shape[contacts.Where]{
	attrs: []attr[contacts.Where]{
		str(4, "valueString", func(w *contacts.Where) *string { return &w.Value }),
		str(tagRel, "rel", func(w *contacts.Where) *string { return &w.Rel }),
		str(tagLabel, "label", func(w *contacts.Where) *string { return &w.Label }),
	},
	extra:    func(w *contacts.Where) *contacts.Extra { return &w.Extra },
	extraTag: tagExtra,
})

var event = makeShape(shape[contacts.Event]{
	attrs: []attr[contacts.Event]{
		str(tagRel, "rel", func(e *contacts.Event) *string { return &e.Rel }),
		str(tagLabel, "label", func(e *contacts.Event) *string { return &e.Label }),
	},
	elems: []elem[contacts.Event]{
		simple("gd:when", &shape[contacts.Event]{ // ELEM-52
			attrs: []attr[contacts.Event]{
				str(4, "startTime", func(e *contacts.Event) *string { return &e.Start }).mandatory(),
				str(5, "endTime", func(e *contacts.Event) *string { return &e.End }),
				str(6, "valueString", func(e *contacts.Event) *string { return &e.Value }),
			},
		}).mandatory(),
	},
	extra:    func(e *contacts.Event) *contacts.Extra { return &e.Extra },
	extraTag: tagExtra,
})

var externalID = makeShape(shape[contacts.ExternalID]{
	attrs: []attr[contacts.ExternalID]{
		str(4, "value", func(x *contacts.ExternalID) *string { return &x.Value }).mandatory(),
		str(tagRel, "rel", func(x *contacts.ExternalID) *string { return &x.Rel }),
		str(tagLabel, "label", func(x *contacts.ExternalID) *string { return &x.Label }),
	},
	extra:    func(x *contacts.ExternalID) *contacts.Extra { return &x.Extra },
	extraTag: tagExtra,
})

var relation = makeShape(shape[contacts.Relation]{
	attrs: []attr[contacts.Relation]{
		str(tagRel, "rel", func(r *contacts.Relation) *string { return &r.Rel }),
		str(tagLabel, "label", func(r *contacts.Relation) *string { return &r.Label }),
	},
	text:     &content[contacts.Relation]{tag: 4, str: func(r *contacts.Relation) *string { return &r.Person }, required: true},
	extra:    func(r *contacts.Relation) *contacts.Extra { return &r.Extra },
	extraTag: tagExtra,
})

var userDefined = makeShape(shape[contacts.UserDefined]{
	attrs: []attr[contacts.UserDefined]{
		str(4, "key", func(u *contacts.UserDefined) *string { return &u.Key }).even(),     // ELEM-73
		str(5, "value", func(u *contacts.UserDefined) *string { return &u.Value }).even(), // ELEM-73
	},
	extra:    func(u *contacts.UserDefined) *contacts.Extra { return &u.Extra },
	extraTag: tagExtra,
})

var website = makeShape(shape[contacts.Website]{
	attrs: []attr[contacts.Website]{
		str(4, "href", func(w *contacts.Website) *string { return &w.Href }).mandatory(),
		str(tagRel, "rel", func(w *contacts.Website) *string { return &w.Rel }),
		str(tagLabel, "label", func(w *contacts.Website) *string { return &w.Label }),
		flag(tagPrimary, "primary", func(w *contacts.Website) *bool { return &w.Primary }),
	},
	extra:    func(w *contacts.Website) *contacts.Extra { return &w.Extra },
	extraTag: tagExtra,
})

var calendarLink = makeShape(shape[contacts.CalendarLink]{ // ELEM-69
	attrs: []attr[contacts.CalendarLink]{
		str(4, "href", func(l *contacts.CalendarLink) *string { return &l.Href }).mandatory(),
		str(tagRel, "rel", func(l *contacts.CalendarLink) *string { return &l.Rel }),
		str(tagLabel, "label", func(l *contacts.CalendarLink) *string { return &l.Label }),
		flag(tagPrimary, "primary", func(l *contacts.CalendarLink) *bool { return &l.Primary }),
	},
	extra:    func(l *contacts.CalendarLink) *contacts.Extra { return &l.Extra },
	extraTag: tagExtra,
})

var language = makeShape(shape[contacts.Language]{
	attrs: []attr[contacts.Language]{
		str(4, "code", func(l *contacts.Language) *string { return &l.Code }),
		str(tagLabel, "label", func(l *contacts.Language) *string { return &l.Label }),
	},
	extra:    func(l *contacts.Language) *contacts.Extra { return &l.Extra },
	extraTag: tagExtra,
})

var jot = makeShape(shape[contacts.Jot]{
	attrs: []attr[contacts.Jot]{
		str(tagRel, "rel", func(j *contacts.Jot) *string { return &j.Rel }).mandatory(),
	},
	text:     &content[contacts.Jot]{tag: 4, str: func(j *contacts.Jot) *string { return &j.Text }},
	extra:    func(j *contacts.Jot) *contacts.Extra { return &j.Extra },
	extraTag: tagExtra,
})

var property = makeShape(shape[contacts.Property]{
	attrs: []attr[contacts.Property]{
		str(4, "name", func(p *contacts.Property) *string { return &p.Name }).mandatory(),
		str(5, "value", func(p *contacts.Property) *string { return &p.Value }).
			when(func(p *contacts.Property) bool { return p.XML == "" && p.Text == "" }), // ELEM-86
		str(6, "realm", func(p *contacts.Property) *string { return &p.Realm }),
	},
	blob: &blob[contacts.Property]{
		xmlTag: 7, xml: func(p *contacts.Property) *string { return &p.XML }, // ELEM-81
		textTag: 8, text: func(p *contacts.Property) *string { return &p.Text }, // ELEM-82
	},
	extra:    func(p *contacts.Property) *contacts.Extra { return &p.Extra },
	extraTag: tagExtra,
})

// membership and unknown exist in the stored form alone.
var membership = makeShape(shape[contacts.Membership]{
	kept: []field[contacts.Membership]{
		keepNumber(1, func(m *contacts.Membership) *contacts.ID { return &m.Group }),
		keepNumber(2, func(m *contacts.Membership) *contacts.Rev { return &m.Removed }),
	},
})

var unknown = makeShape(shape[contacts.Unknown]{
	kept: []field[contacts.Unknown]{
		keep(1, func(u *contacts.Unknown) *string { return &u.In }),
		keep(2, func(u *contacts.Unknown) *string { return &u.Attrs }),
		keep(3, func(u *contacts.Unknown) *string { return &u.XML }),
	},
})

// value is a simple element whose one attribute is its value.
func value[T any](full string, a attr[T]) elem[T] {
	return simple(full, &shape[T]{attrs: []attr[T]{a.mandatory()}})
}

// yomi is a simple element with a text and its phonetic form.
func yomi[T any](tag byte, full string, get func(*T) *string, yomiTag byte, phonetic func(*T) *string) elem[T] {
	return simple(full, &shape[T]{
		attrs: []attr[T]{str(yomiTag, "yomi", phonetic)},
		text:  &content[T]{tag: tag, str: get},
	})
}

func addresses(c *contacts.Contact) *[]contacts.Address { return &c.Addresses }

// showsParts reports whether a view shows an address as gd:structuredPostalAddress.
func showsParts(e *Encoder, a *contacts.Address) bool {
	return e.class == classParts || e.class == classShared && !a.Plain
}

// showsText reports whether a view shows an address as gd:postalAddress, which
// is nothing without its text (ELEM-44).
func showsText(e *Encoder, a *contacts.Address) bool { return !showsParts(e, a) && a.Formatted != "" }

func showsProperty(e *Encoder, p *contacts.Property) bool {
	return e.o.View.Projection.Shows(p.Name) // RES-11 RES-13
}
