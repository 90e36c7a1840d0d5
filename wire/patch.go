package wire

import (
	"errors"
	"strings"

	"contacts"
)

// A PATCH is merged as documents are: what the partial entry deletes or
// replaces is cut out of the stored one, and the rest of that and the partial
// entry are read into one.

// PatchContact merges partial, the body of a PATCH, into c as e's view shows
// it. The result is what ParseContact would have read from a PUT with the same
// effect in that view, whatever e's format is; its ID, ETag and Fields are those
// of partial. It fails as ParseContact does, and on a malformed gd:fields.
//
// c does not change. An update with the result has to make sure that the stored
// contact is still c, or what others have changed is undone.
func (e *Encoder) PatchContact(c *contacts.Contact, partial []byte, ref func(href string) (contacts.ID, error)) (*Entry, error) {
	a := e.Atom()
	v := contactEnvelope(c)
	doc := a.appendEnvelope(append([]byte(nil), a.xml.document...), &v, true)
	doc = appendElems(doc, contactShape.elems, c, a, c.Extra) // what the view hides too: VER-54
	doc = a.appendItemEnd(doc, &v)
	return a.patch(doc, partial, c, ref)
}

// PatchGroup is to groups what PatchContact is to contacts.
func (e *Encoder) PatchGroup(g *contacts.Group, partial []byte) (*Entry, error) {
	a := e.Atom()
	return a.patch(a.AppendGroupDocument(nil, g), partial, nil, nil)
}

// patch merges partial into the document of a contact, or of a group if old is
// nil.
func (e *Encoder) patch(doc, partial []byte, old *contacts.Contact, ref func(string) (contacts.ID, error)) (*Entry, error) {
	m := &patch{kind: e.o.Kind, view: e.class, version: e.o.View.Version, old: old}
	sent := newParser(partial, nil)
	defer sent.free()
	if err := m.readSent(sent); err != nil {
		return nil, err
	}
	stored := newParser(doc, nil)
	defer stored.free()
	stored.ours = true
	if err := m.readStored(stored); err != nil {
		return nil, err
	}
	if err := m.delete(); err != nil {
		return nil, err
	}
	m.replace()

	rest := newParser(m.stored.appendUnmarked(nil, 0), e.ownGroup)
	defer rest.free()
	rest.ours = true
	entry := newEntry(m.kind)
	if err := rest.documentInto(entry); err != nil {
		return nil, err // WRT-66: such as an element that has lost what it needs
	}
	if old != nil {
		if m.version >= 3 {
			entry.Title, entry.HasTitle = "", false // output only (NAME-2)
		}
		m.leave(entry.Contact, ref)
	}
	added := newParser(partial, ref)
	defer added.free()
	added.extra = rest.extra // the limit is that of the result
	if err := added.documentInto(entry); err != nil {
		return nil, err
	}
	if old == nil {
		joinOwn(&entry.Group.Extra)
		return entry, nil
	}
	joinOwn(&entry.Contact.Extra)
	joinOwn(&entry.Contact.Name.Extra)
	m.completeName(&entry.Contact.Name)
	return entry, nil
}

// ownGroup is the group of a membership that this encoder has written.
func (e *Encoder) ownGroup(href string) (contacts.ID, error) {
	segment, ours := strings.CutPrefix(href, e.group)
	id, ok := contacts.ParseID(segment)
	if !ours || !ok {
		return 0, errors.New("wire: not a membership of this package: " + href)
	}
	return id, nil
}

// A patch is a PATCH on its way. In the tree of the stored entry, what is
// marked is going to be cut out.
type patch struct {
	kind         Kind
	view         class
	version      int
	old          *contacts.Contact // nil for a group
	sent, stored *tree

	// What the partial entry says of the name.
	title     string
	name      bool // a gd:name that is not empty
	fullName  bool // the whole name
	nameParts bool // parts, perhaps empty ones
}

func (m *patch) readSent(p *parser) (err error) {
	if m.sent, err = newTree(p); err != nil {
		return err
	}
	if root := &m.sent.nodes[0].name; root.ns != nsAtom || root.local != "entry" {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not an Atom entry") // WRT-4
	}
	if err := m.sent.content(0); err != nil {
		return err
	}
	t := m.sent
	for c := t.nodes[0].first; c != 0; c = t.nodes[c].next {
		switch child := &t.nodes[c]; {
		case child.name.is(nsAtom, "title"):
			m.title = trim(child.text)
		case child.name.is(nsGD, "name"):
			for n := child.first; n != 0; n = t.nodes[n].next {
				part := &t.nodes[n]
				says := trim(part.text) != ""
				m.name = m.name || says
				if part.name.is(nsGD, "fullName") {
					m.fullName = m.fullName || says
				} else {
					m.nameParts = true
				}
			}
		}
	}
	return nil
}

func (n *xmlName) is(ns nsID, local string) bool { return n.ns == ns && n.local == local }

func (m *patch) readStored(p *parser) (err error) {
	if m.stored, err = newTree(p); err != nil {
		return notOurs(err)
	}
	if err := m.stored.content(0); err != nil {
		return notOurs(err)
	}
	return nil
}

// delete marks what the selection gd:fields of the partial entry names (WRT-63).
func (m *patch) delete() error {
	t := m.stored
	for _, a := range m.sent.attributes(&m.sent.nodes[0]) {
		if !a.is(nsGD, "fields") || trim(a.value) == "" {
			continue
		}
		f, err := ParseFields(a.value)
		if err != nil {
			return in(err, "@gd:fields") // WRT-64
		}
		m.mark(f)
	}
	if m.old == nil || m.version >= 3 {
		return nil
	}
	var title, name *treeNode
	for c := t.nodes[0].first; c != 0; c = t.nodes[c].next {
		switch child := &t.nodes[c]; {
		case child.name.is(nsAtom, "title"):
			title = child
		case child.name.is(nsGD, "name"):
			name = child
		}
	}
	if title != nil && name != nil && (title.mark == markAll || name.mark == markAll) {
		title.mark, name.mark = markAll, markAll // WRT-69
	}
	return nil
}

// mark marks what f selects of what the view shows: of the rest the client
// knows nothing (WRT-70).
func (m *patch) mark(f *Fields) {
	t, o := m.stored, entryOutlines[m.kind]
	t.markAttrs(&t.nodes[0], f.steps)
	for c := t.nodes[0].first; c != 0; c = t.nodes[c].next {
		if k := o.find(&t.nodes[c].name, 0); k < 0 || o.parts[k].shown&m.view != 0 {
			t.markChild(c, f.steps)
		}
	}
}

// replace marks what the partial entry brings anew, and what is not for
// reading.
func (m *patch) replace() {
	root, o := &m.sent.nodes[0], entryOutlines[m.kind]
	for c := m.stored.nodes[0].first; c != 0; c = m.stored.nodes[c].next {
		child := &m.stored.nodes[c]
		if child.name.isIgnored() || child.name.is(nsAtom, "id") {
			child.mark = markAll // XML-8; the ID is what the client says (WRT-22)
		}
		if m.renames() && child.name.is(nsGD, "name") {
			child.mark = markAll // WRT-69
		}
	}
	m.stored.keepTag(0) // marks it: the entity tag is what the client says
	m.replaceAttrs(0, root)
	for c := root.first; c != 0; c = m.sent.nodes[c].next {
		child := &m.sent.nodes[c]
		k := o.find(&child.name, 0)
		if k >= 0 && o.parts[k].repeats {
			continue // WRT-62
		}
		for _, s := range m.same(0, child) {
			if k < 0 || len(o.parts[k].inner.parts) == 0 {
				m.stored.nodes[s].mark = markAll // WRT-61
				continue
			}
			m.replaceAttrs(s, child)
			for part := child.first; part != 0; part = m.sent.nodes[part].next {
				for _, n := range m.same(s, &m.sent.nodes[part]) {
					m.stored.nodes[n].mark = markAll // WRT-61
				}
			}
			m.stored.nodes[s].mark = max(m.stored.nodes[s].mark, markSome)
		}
	}
}

// renames reports whether the title of the partial entry is a new name in
// version 3.
func (m *patch) renames() bool {
	return m.old != nil && m.version >= 3 && !m.name && m.title != "" && m.title != m.old.Name.Full
}

// same are the children of the stored element n that have the name of the sent
// element.
func (m *patch) same(n int32, sent *treeNode) []int32 {
	var found []int32
	for c := m.stored.nodes[n].first; c != 0; c = m.stored.nodes[c].next {
		if m.sameName(&m.stored.nodes[c].name, &sent.name) {
			found = append(found, c)
		}
	}
	return found
}

// replaceAttrs marks the attributes of the stored element n that the sent
// element has too.
func (m *patch) replaceAttrs(n int32, sent *treeNode) {
	stored := m.stored.attributes(&m.stored.nodes[n])
	for i := range stored {
		for _, a := range m.sent.attributes(sent) {
			if !a.decl && !stored[i].decl && m.sameName(&stored[i].xmlName, &a.xmlName) {
				stored[i].on = true
			}
		}
	}
}

// sameName compares names of the two documents, which number the namespaces
// outside the protocol each in its own way.
func (m *patch) sameName(stored, sent *xmlName) bool {
	return stored.local == sent.local && m.stored.p.uri(stored.ns) == m.sent.p.uri(sent.ns)
}

// leave ends the memberships that the partial entry says have ended.
func (m *patch) leave(c *contacts.Contact, ref func(string) (contacts.ID, error)) {
	t := m.sent
	for n := t.nodes[0].first; n != 0; n = t.nodes[n].next {
		el := &t.nodes[n]
		if ended := t.value(el, "deleted"); !el.name.is(nsContact, "groupMembershipInfo") || ended != "true" && ended != "1" {
			continue
		}
		id, err := ref(trim(t.value(el, "href")))
		if err != nil {
			continue // no group, no membership
		}
		live := c.Memberships[:0]
		for _, in := range c.Memberships {
			if in.Group != id { // ELEM-93
				live = append(live, in)
			}
		}
		c.Memberships = live
	}
}

// completeName drops what the book made of the name as it was, so that it is
// made anew: the whole name if parts have changed, the parts if the whole name
// has (WRT-68).
func (m *patch) completeName(n *contacts.Name) {
	was := &m.old.Name
	switch {
	case !m.fullName && nameParts(n) != nameParts(was):
		n.Full = ""
	case m.fullName && !m.nameParts && n.Full != was.Full:
		*n = contacts.Name{Full: n.Full, Extra: n.Extra}
	}
}

// nameParts are the parts that a full name is made of.
func nameParts(n *contacts.Name) [5]string {
	return [...]string{n.Prefix, n.Given, n.Additional, n.Family, n.Suffix}
}

// joinOwn joins the unknown parts of an element that come from two documents.
func joinOwn(ex *contacts.Extra) {
	var own []contacts.Unknown
	others := (*ex)[:0]
	for _, u := range *ex {
		if u.In == "" {
			own = append(own, u)
		} else {
			others = append(others, u)
		}
	}
	if *ex = others; len(own) == 0 {
		return
	}
	u := own[0]
	for _, more := range own[1:] {
		u.Attrs = joinAttrs(u.Attrs, more.Attrs)
		u.XML += more.XML
	}
	*ex = append(*ex, u)
}

// joinAttrs joins canonical attributes. Where both declare a prefix, and not
// for the same namespace, only the latter stay.
func joinAttrs(a, b string) string {
	p := newParser([]byte("<x xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"'><a"+a+"/><b"+b+"/></x>"), nil)
	defer p.free()
	p.ours = true
	p.next()
	t := &tree{p: p}
	p.next()
	first, _ := t.element()
	p.next()
	second, _ := t.element()
	for _, x := range t.attributes(&t.nodes[first]) {
		for _, y := range t.attributes(&t.nodes[second]) {
			if x.decl && y.decl && x.local == y.local {
				if x.value != y.value {
					return b
				}
				b = strings.Replace(b, p.s[y.from:y.to], "", 1)
			}
		}
	}
	return a + b
}

// appendUnmarked appends an element without what is marked in it.
func (t *tree) appendUnmarked(b []byte, n int32) []byte {
	el, s := &t.nodes[n], t.p.s
	b = append(append(b, '<'), t.raw(el)...)
	for _, a := range t.attributes(el) {
		if a.decl || !a.on {
			b = append(b, s[a.from:a.to]...)
		}
	}
	b = append(b, '>')
	from := el.open
	for c := el.first; c != 0; c = t.nodes[c].next {
		child := &t.nodes[c]
		b = append(b, s[from:child.start]...)
		switch child.mark {
		case markNone:
			b = append(b, s[child.start:child.end]...)
		case markSome:
			b = t.appendUnmarked(b, c)
		}
		from = child.end
	}
	b = append(append(b, s[from:el.shut]...), "</"...)
	return append(append(b, t.raw(el)...), '>')
}
