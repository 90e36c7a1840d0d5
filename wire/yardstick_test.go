package wire

import (
	"strconv"

	"contacts"
)

// The yardstick of the benchmarks: code that a patient person would write
// without a table, for all that the sample may have.

func (e *Encoder) straightAtom(b []byte, c *contacts.Contact) []byte {
	p := &e.xml
	b = append(b, "<entry gd:etag='&quot;"...)
	b = strconv.AppendInt(b, int64(c.Rev), 36)
	b = append(b, ".&quot;'><id>"...)
	b = append(b, e.id...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, "</id><updated>"...)
	n := len(b)
	b = appendTime(b, c.Rev)
	b = append(b, "</updated><app:edited xmlns:app='http://www.w3.org/2007/app'>"...)
	b = append(b, b[n:n+24]...)
	b = append(b, "</app:edited><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/><title"...)
	if c.Name.Full == "" {
		b = append(b, "/>"...)
	} else {
		b = append(b, '>')
		b = appendText(b, c.Name.Full)
		b = append(b, "</title>"...)
	}
	if c.Notes != "" {
		b = append(b, "<content>"...)
		b = appendText(b, c.Notes)
		b = append(b, "</content>"...)
	}
	b = append(b, p.photo...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	if c.Photo.Version != "" {
		b = append(b, "' gd:etag='&quot;"...)
		b = appendAttr(b, c.Photo.Version)
		b = append(b, ".&quot;"...)
	}
	b = append(b, "'/>"...)
	b = append(b, p.self...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, "'/>"...)
	b = append(b, p.edit...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, "'/>"...)
	if !c.Name.IsZero() {
		b = append(b, "<gd:name>"...)
		b = straightElem(b, "<gd:fullName>", c.Name.Full, "</gd:fullName>")
		b = straightElem(b, "<gd:namePrefix>", c.Name.Prefix, "</gd:namePrefix>")
		b = straightYomi(b, "<gd:givenName", c.Name.Given, c.Name.GivenYomi, "</gd:givenName>")
		b = straightYomi(b, "<gd:additionalName", c.Name.Additional, c.Name.AdditionalYomi, "</gd:additionalName>")
		b = straightYomi(b, "<gd:familyName", c.Name.Family, c.Name.FamilyYomi, "</gd:familyName>")
		b = straightElem(b, "<gd:nameSuffix>", c.Name.Suffix, "</gd:nameSuffix>")
		b = append(b, "</gd:name>"...)
	}
	b = straightElem(b, "<gContact:nickname>", c.Nickname, "</gContact:nickname>")
	b = straightElem(b, "<gContact:maidenName>", c.MaidenName, "</gContact:maidenName>")
	b = straightElem(b, "<gContact:shortName>", c.ShortName, "</gContact:shortName>")
	b = straightElem(b, "<gContact:initials>", c.Initials, "</gContact:initials>")
	b = straightElem(b, "<gContact:yomiName>", c.YomiName, "</gContact:yomiName>")
	b = straightAttr(b, "<gContact:gender value='", c.Gender, "'/>")
	b = straightAttr(b, "<gContact:birthday when='", c.Birthday, "'/>")
	b = straightElem(b, "<gContact:occupation>", c.Occupation, "</gContact:occupation>")
	b = straightAttr(b, "<gContact:sensitivity rel='", c.Sensitivity, "'/>")
	b = straightElem(b, "<gContact:billingInformation>", c.BillingInformation, "</gContact:billingInformation>")
	b = straightAttr(b, "<gContact:priority rel='", c.Priority, "'/>")
	b = straightElem(b, "<gContact:mileage>", c.Mileage, "</gContact:mileage>")
	b = straightElem(b, "<gContact:directoryServer>", c.DirectoryServer, "</gContact:directoryServer>")
	b = straightElem(b, "<gContact:subject>", c.Subject, "</gContact:subject>")
	b = straightElem(b, "<gContact:fileAs>", c.FileAs, "</gContact:fileAs>")
	for i := range c.Organizations {
		o := &c.Organizations[i]
		b = append(b, "<gd:organization"...)
		b = straightUse(b, o.Rel, o.Label)
		if o.Primary {
			b = append(b, " primary='true'"...)
		}
		b = append(b, '>')
		b = straightYomi(b, "<gd:orgName", o.Name, o.NameYomi, "</gd:orgName>")
		b = straightElem(b, "<gd:orgTitle>", o.Title, "</gd:orgTitle>")
		b = straightElem(b, "<gd:orgDepartment>", o.Department, "</gd:orgDepartment>")
		b = straightElem(b, "<gd:orgJobDescription>", o.JobDescription, "</gd:orgJobDescription>")
		b = straightElem(b, "<gd:orgSymbol>", o.Symbol, "</gd:orgSymbol>")
		b = append(b, "</gd:organization>"...)
	}
	for i := range c.Emails {
		m := &c.Emails[i]
		b = append(b, "<gd:email"...)
		b = straightUse(b, m.Rel, m.Label)
		b = straightAttr(b, " address='", m.Address, "'")
		b = straightAttr(b, " displayName='", m.DisplayName, "'")
		if m.Primary {
			b = append(b, " primary='true'"...)
		}
		b = append(b, "/>"...)
	}
	for i := range c.Phones {
		m := &c.Phones[i]
		b = append(b, "<gd:phoneNumber"...)
		b = straightUse(b, m.Rel, m.Label)
		b = straightAttr(b, " uri='", m.URI, "'")
		if m.Primary {
			b = append(b, " primary='true'"...)
		}
		b = append(b, '>')
		b = appendText(b, m.Number)
		b = append(b, "</gd:phoneNumber>"...)
	}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		b = append(b, "<gd:structuredPostalAddress"...)
		b = straightUse(b, a.Rel, a.Label)
		b = straightAttr(b, " mailClass='", a.MailClass, "'")
		b = straightAttr(b, " usage='", a.Usage, "'")
		if a.Primary {
			b = append(b, " primary='true'"...)
		}
		b = append(b, '>')
		b = straightElem(b, "<gd:formattedAddress>", a.Formatted, "</gd:formattedAddress>")
		b = straightElem(b, "<gd:agent>", a.Agent, "</gd:agent>")
		b = straightElem(b, "<gd:housename>", a.HouseName, "</gd:housename>")
		b = straightElem(b, "<gd:street>", a.Street, "</gd:street>")
		b = straightElem(b, "<gd:pobox>", a.POBox, "</gd:pobox>")
		b = straightElem(b, "<gd:neighborhood>", a.Neighborhood, "</gd:neighborhood>")
		b = straightElem(b, "<gd:postcode>", a.Postcode, "</gd:postcode>")
		b = straightElem(b, "<gd:city>", a.City, "</gd:city>")
		b = straightElem(b, "<gd:subregion>", a.Subregion, "</gd:subregion>")
		b = straightElem(b, "<gd:region>", a.Region, "</gd:region>")
		b = straightElem(b, "<gd:country>", a.Country, "</gd:country>")
		b = append(b, "</gd:structuredPostalAddress>"...)
	}
	for i := range c.Memberships {
		m := &c.Memberships[i]
		if m.Removed == 0 {
			b = append(b, "<gContact:groupMembershipInfo deleted='false' href='"...)
			b = append(b, e.group...)
			b = strconv.AppendUint(b, uint64(m.Group), 16)
			b = append(b, "'/>"...)
		}
	}
	return append(b, "</entry>"...)
}

func straightElem(b []byte, open, s, close string) []byte {
	if s == "" {
		return b
	}
	b = append(b, open...)
	b = appendText(b, s)
	return append(b, close...)
}

func straightYomi(b []byte, open, s, yomi, close string) []byte {
	if s == "" && yomi == "" {
		return b
	}
	b = append(b, open...)
	b = straightAttr(b, " yomi='", yomi, "'")
	b = append(b, '>')
	b = appendText(b, s)
	return append(b, close...)
}

func straightAttr(b []byte, open, s, close string) []byte {
	if s == "" {
		return b
	}
	b = append(b, open...)
	b = appendAttr(b, s)
	return append(b, close...)
}

func straightUse(b []byte, rel, label string) []byte {
	if rel != "" {
		b = append(b, " rel='"...)
		b = appendWordPrefix(b, rel)
		b = appendAttr(b, rel)
		b = append(b, '\'')
	}
	return straightAttr(b, " label='", label, "'")
}

func (e *Encoder) straightJSON(b []byte, c *contacts.Contact) []byte {
	p := &e.json
	b = append(b, `{"gd$etag":"\"`...)
	b = strconv.AppendInt(b, int64(c.Rev), 36)
	b = append(b, `.\"","id":{"$t":"`...)
	b = append(b, e.id...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, `"},"updated":{"$t":"`...)
	n := len(b)
	b = appendTime(b, c.Rev)
	b = append(b, `"},"app$edited":{"xmlns$app":"http://www.w3.org/2007/app","$t":"`...)
	b = append(b, b[n:n+24]...)
	b = append(b, `"},"category":[{"scheme":"http://schemas.google.com/g/2005#kind","term":"http://schemas.google.com/contact/2008#contact"}],"title":{"$t":"`...)
	b = appendString(b, c.Name.Full)
	b = append(b, `"}`...)
	if c.Notes != "" {
		b = append(b, `,"content":{"$t":"`...)
		b = appendString(b, c.Notes)
		b = append(b, `"}`...)
	}
	b = append(b, `,"link":[`...)
	b = append(b, p.photo...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	if c.Photo.Version != "" {
		b = append(b, `","gd$etag":"\"`...)
		b = appendString(b, c.Photo.Version)
		b = append(b, `.\"`...)
	}
	b = append(b, `"},`...)
	b = append(b, p.self...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, `"},`...)
	b = append(b, p.edit...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	b = append(b, `"}]`...)
	if !c.Name.IsZero() {
		b = append(b, `,"gd$name":{`...)
		b = straightMember(b, `"gd$fullName":{"$t":"`, c.Name.Full)
		b = straightMember(b, `"gd$namePrefix":{"$t":"`, c.Name.Prefix)
		b = straightYomiMember(b, `"gd$givenName":{`, c.Name.Given, c.Name.GivenYomi)
		b = straightYomiMember(b, `"gd$additionalName":{`, c.Name.Additional, c.Name.AdditionalYomi)
		b = straightYomiMember(b, `"gd$familyName":{`, c.Name.Family, c.Name.FamilyYomi)
		b = straightMember(b, `"gd$nameSuffix":{"$t":"`, c.Name.Suffix)
		b = closeObject(b)
	}
	b = append(b, ',')
	b = straightMember(b, `"gContact$nickname":{"$t":"`, c.Nickname)
	b = straightMember(b, `"gContact$maidenName":{"$t":"`, c.MaidenName)
	b = straightMember(b, `"gContact$shortName":{"$t":"`, c.ShortName)
	b = straightMember(b, `"gContact$initials":{"$t":"`, c.Initials)
	b = straightMember(b, `"gContact$yomiName":{"$t":"`, c.YomiName)
	b = straightMember(b, `"gContact$gender":{"value":"`, c.Gender)
	b = straightMember(b, `"gContact$birthday":{"when":"`, c.Birthday)
	b = straightMember(b, `"gContact$occupation":{"$t":"`, c.Occupation)
	b = straightMember(b, `"gContact$sensitivity":{"rel":"`, c.Sensitivity)
	b = straightMember(b, `"gContact$billingInformation":{"$t":"`, c.BillingInformation)
	b = straightMember(b, `"gContact$priority":{"rel":"`, c.Priority)
	b = straightMember(b, `"gContact$mileage":{"$t":"`, c.Mileage)
	b = straightMember(b, `"gContact$directoryServer":{"$t":"`, c.DirectoryServer)
	b = straightMember(b, `"gContact$subject":{"$t":"`, c.Subject)
	b = straightMember(b, `"gContact$fileAs":{"$t":"`, c.FileAs)
	for i := range c.Organizations {
		o := &c.Organizations[i]
		if i == 0 {
			b = append(b, `"gd$organization":[`...)
		}
		b = append(b, '{')
		b = straightUseMember(b, o.Rel, o.Label)
		if o.Primary {
			b = append(b, `"primary":"true",`...)
		}
		b = straightYomiMember(b, `"gd$orgName":{`, o.Name, o.NameYomi)
		b = straightMember(b, `"gd$orgTitle":{"$t":"`, o.Title)
		b = straightMember(b, `"gd$orgDepartment":{"$t":"`, o.Department)
		b = straightMember(b, `"gd$orgJobDescription":{"$t":"`, o.JobDescription)
		b = straightMember(b, `"gd$orgSymbol":{"$t":"`, o.Symbol)
		b = append(closeObject(b), ',')
	}
	b = straightEnd(b, len(c.Organizations))
	for i := range c.Emails {
		m := &c.Emails[i]
		if i == 0 {
			b = append(b, `"gd$email":[`...)
		}
		b = append(b, '{')
		b = straightUseMember(b, m.Rel, m.Label)
		b = straightString(b, `"address":"`, m.Address)
		b = straightString(b, `"displayName":"`, m.DisplayName)
		if m.Primary {
			b = append(b, `"primary":"true",`...)
		}
		b = append(closeObject(b), ',')
	}
	b = straightEnd(b, len(c.Emails))
	for i := range c.Phones {
		m := &c.Phones[i]
		if i == 0 {
			b = append(b, `"gd$phoneNumber":[`...)
		}
		b = append(b, '{')
		b = straightUseMember(b, m.Rel, m.Label)
		b = straightString(b, `"uri":"`, m.URI)
		if m.Primary {
			b = append(b, `"primary":"true",`...)
		}
		b = straightString(b, `"$t":"`, m.Number)
		b = append(closeObject(b), ',')
	}
	b = straightEnd(b, len(c.Phones))
	for i := range c.Addresses {
		a := &c.Addresses[i]
		if i == 0 {
			b = append(b, `"gd$structuredPostalAddress":[`...)
		}
		b = append(b, '{')
		b = straightUseMember(b, a.Rel, a.Label)
		b = straightString(b, `"mailClass":"`, a.MailClass)
		b = straightString(b, `"usage":"`, a.Usage)
		if a.Primary {
			b = append(b, `"primary":"true",`...)
		}
		b = straightMember(b, `"gd$formattedAddress":{"$t":"`, a.Formatted)
		b = straightMember(b, `"gd$agent":{"$t":"`, a.Agent)
		b = straightMember(b, `"gd$housename":{"$t":"`, a.HouseName)
		b = straightMember(b, `"gd$street":{"$t":"`, a.Street)
		b = straightMember(b, `"gd$pobox":{"$t":"`, a.POBox)
		b = straightMember(b, `"gd$neighborhood":{"$t":"`, a.Neighborhood)
		b = straightMember(b, `"gd$postcode":{"$t":"`, a.Postcode)
		b = straightMember(b, `"gd$city":{"$t":"`, a.City)
		b = straightMember(b, `"gd$subregion":{"$t":"`, a.Subregion)
		b = straightMember(b, `"gd$region":{"$t":"`, a.Region)
		b = straightMember(b, `"gd$country":{"$t":"`, a.Country)
		b = append(closeObject(b), ',')
	}
	b = straightEnd(b, len(c.Addresses))
	for i := range c.Memberships {
		m := &c.Memberships[i]
		if i == 0 {
			b = append(b, `"gContact$groupMembershipInfo":[`...)
		}
		b = append(b, `{"deleted":"false","href":"`...)
		b = append(b, e.group...)
		b = strconv.AppendUint(b, uint64(m.Group), 16)
		b = append(b, `"},`...)
	}
	b = straightEnd(b, len(c.Memberships))
	return closeObject(b)
}

func straightMember(b []byte, open, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, open...)
	b = appendString(b, s)
	return append(b, `"},`...)
}

func straightString(b []byte, open, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, open...)
	b = appendString(b, s)
	return append(b, `",`...)
}

func straightYomiMember(b []byte, open, s, yomi string) []byte {
	if s == "" && yomi == "" {
		return b
	}
	b = append(b, open...)
	b = straightString(b, `"yomi":"`, yomi)
	b = straightString(b, `"$t":"`, s)
	return append(closeObject(b), ',')
}

func straightUseMember(b []byte, rel, label string) []byte {
	if rel != "" {
		b = append(b, `"rel":"`...)
		b = appendWordPrefix(b, rel)
		b = appendString(b, rel)
		b = append(b, `",`...)
	}
	return straightString(b, `"label":"`, label)
}

func straightEnd(b []byte, n int) []byte {
	if n > 0 {
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	return b
}

// xmlContact is the same contact for encoding/xml.
type xmlContact struct {
	ETag    string   `xml:"http://schemas.google.com/g/2005 etag,attr"`
	ID      string   `xml:"http://www.w3.org/2005/Atom id"`
	Title   string   `xml:"http://www.w3.org/2005/Atom title"`
	Content string   `xml:"http://www.w3.org/2005/Atom content"`
	Name    xmlNames `xml:"http://schemas.google.com/g/2005 name"`
	Orgs    []struct {
		Rel     string `xml:"rel,attr"`
		Label   string `xml:"label,attr"`
		Primary bool   `xml:"primary,attr"`
		Name    string `xml:"http://schemas.google.com/g/2005 orgName"`
		Title   string `xml:"http://schemas.google.com/g/2005 orgTitle"`
	} `xml:"http://schemas.google.com/g/2005 organization"`
	Emails []struct {
		Rel     string `xml:"rel,attr"`
		Label   string `xml:"label,attr"`
		Address string `xml:"address,attr"`
		Primary bool   `xml:"primary,attr"`
	} `xml:"http://schemas.google.com/g/2005 email"`
	Phones []struct {
		Rel     string `xml:"rel,attr"`
		Label   string `xml:"label,attr"`
		Primary bool   `xml:"primary,attr"`
		Number  string `xml:",chardata"`
	} `xml:"http://schemas.google.com/g/2005 phoneNumber"`
	Addresses []struct {
		Rel       string `xml:"rel,attr"`
		Label     string `xml:"label,attr"`
		Primary   bool   `xml:"primary,attr"`
		Formatted string `xml:"http://schemas.google.com/g/2005 formattedAddress"`
		Street    string `xml:"http://schemas.google.com/g/2005 street"`
		City      string `xml:"http://schemas.google.com/g/2005 city"`
		Region    string `xml:"http://schemas.google.com/g/2005 region"`
		Postcode  string `xml:"http://schemas.google.com/g/2005 postcode"`
		Country   string `xml:"http://schemas.google.com/g/2005 country"`
	} `xml:"http://schemas.google.com/g/2005 structuredPostalAddress"`
	Groups []struct {
		Deleted bool   `xml:"deleted,attr"`
		Href    string `xml:"href,attr"`
	} `xml:"http://schemas.google.com/contact/2008 groupMembershipInfo"`
}

type xmlNames struct {
	Full   string `xml:"http://schemas.google.com/g/2005 fullName"`
	Given  string `xml:"http://schemas.google.com/g/2005 givenName"`
	Family string `xml:"http://schemas.google.com/g/2005 familyName"`
}
