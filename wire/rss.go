package wire

const rssRoot = xmlDeclaration + "<rss version='2.0' xmlns:atom='" + atomNS + "' xmlns:openSearch='"

// rssParts are the parts of items. Only the handful of Atom elements differs;
// the elements of the kinds are the same (RSS-19).
func (e *Encoder) rssParts() xmlParts {
	p := xmlParts{
		root:        "<item",
		item:        "<item", // RSS-11
		id:          "><guid isPermaLink='false'>" + string(appendText(nil, e.id)),
		updated:     "<atom:updated>",
		title:       "<category domain='" + kindScheme + "'>" + e.o.Kind.term() + "</category><title", // RSS-15 RSS-16
		noTitle:     "></title>",
		titleEnd:    "</title>",
		content:     "<description", // RSS-17
		contentEnd:  "</description>",
		itemEnd:     "</item>",
		documentEnd: "</channel></rss>",
	}
	p.document = rssRoot + e.openSearchNS() + "' xmlns:gd='" + gdNS + "' xmlns:gContact='" + contactNS + "'><channel><title>" +
		string(appendText(nil, e.o.Owner)) + "</title><link>" + string(appendText(nil, e.o.Base)) + "/</link><description></description>"
	if e.o.View.Version >= 2 {
		p.etag = " gd:etag='&quot;"
		p.edited = "</atom:updated><app:edited xmlns:app='" + appNS + "'>"
	}
	e.linkParts(&p, "<atom:link") // RSS-18
	return p
}

// appendItemXML appends the envelope of an item, from the end of its ID on.
func (e *Encoder) appendItemXML(b []byte, v *envelope) []byte {
	p := &e.xml
	b = append(b, "</guid>"...) // RSS-12
	if v.deleted && e.o.MinimalTombstones {
		return append(b, "<gd:deleted/>"...)
	}
	if v.created != 0 {
		b = append(b, "<pubDate>"...)
		b = append(appendMailTime(b, v.created), "</pubDate>"...) // RSS-14
	}
	b = append(b, p.updated...)
	n := len(b)
	b = appendTime(b, v.rev) // RSS-13
	if p.edited != "" && v.system == "" {
		b = append(b, p.edited...)
		b = append(b, b[n:n+len("2006-01-02T15:04:05.000Z")]...)
		b = append(b, "</app:edited>"...)
	} else {
		b = append(b, "</atom:updated>"...)
	}
	b = append(b, p.title...)
	return e.appendTitleXML(b, v)
}

func (e *Encoder) appendRSSHead(b []byte, f *Feed) []byte {
	b = append(append(b, rssRoot...), e.openSearchNS()...)
	b = append(b, "' xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"'><channel"...) // RSS-1
	if e.o.View.Version >= 2 {
		b = append(b, " gd:etag='"...)
		b = append(appendAttr(b, f.ETag), '\'')
	}
	b = append(b, "><atom:id>"...)
	b = append(appendText(b, e.feedID()), "</atom:id><lastBuildDate>"...)                                    // RSS-2
	b = append(appendMailTime(b, revOf(f.Updated)), "</lastBuildDate><category domain='"+kindScheme+"'>"...) // RSS-3
	b = append(append(b, e.o.Kind.term()...), "</category><title>"...)                                       // RSS-4
	b = append(appendText(b, f.Title), "</title><description></description>"...)                             // RSS-5 RSS-6
	for _, l := range e.links(f) {
		if l.rel == "alternate" {
			b = append(appendText(append(b, "<link>"...), l.href), "</link>"...) // RSS-7
		} else {
			b = appendLinkXML(b, "<atom:link", l)
		}
	}
	b = append(b, "<managingEditor>"...)
	b = append(appendText(b, f.AuthorEmail), " ("...)                                               // RSS-8
	b = append(appendText(b, f.AuthorName), ")</managingEditor><generator>Contacts</generator>"...) // RSS-9
	return appendOpenSearch(b, f)                                                                   // RSS-10
}
