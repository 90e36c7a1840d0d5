package wire

import "slices"

// An outline is what the tables say about an element whatever its type is:
// which attributes and children it may have, and which of them may repeat. It
// is for what works on rendered documents instead of contacts.
type outline struct {
	attrs []string // those without namespace
	etag  bool     // gd:etag too
	all   bool     // all others too
	parts []part
	text  bool // JSON has the text even if it is empty (JSON-8)
}

// A part is a child in an outline.
type part struct {
	ns      nsID
	local   string
	json    string // "gd$email":
	repeats bool   // JSON has an array (JSON-6)
	shown   class  // by which views
	inner   *outline
}

// outline is the outline of the element that s is the table of.
func (s *shape[T]) outline() *outline {
	o := &outline{}
	for i := range s.attrs {
		o.attrs = append(o.attrs, s.attrs[i].name)
	}
	o.parts = outlines(s.elems)
	return o
}

func outlines[T any](elems []elem[T]) []part {
	parts := make([]part, len(elems))
	for i := range elems {
		e := &elems[i]
		parts[i] = part{ns: e.name.ns, local: e.name.local, json: e.name.json, repeats: e.repeats, shown: e.shown, inner: e.inner}
	}
	return parts
}

// knows reports whether the table has a row for the attribute.
func (o *outline) knows(a *xmlName) bool {
	switch {
	case o.all:
		return true
	case a.ns == nsNone:
		return slices.Contains(o.attrs, a.local)
	}
	return o.etag && a.ns == nsGD && a.local == "etag"
}

// find is the index of the child with the name, or -1. It looks first where the
// last one was: children come in the order of the table.
func (o *outline) find(name *xmlName, hint int) int {
	for i := hint; i < len(o.parts); i++ {
		if p := &o.parts[i]; p.local == name.local && p.ns == name.ns {
			return i
		}
	}
	for i := range min(hint, len(o.parts)) {
		if p := &o.parts[i]; p.local == name.local && p.ns == name.ns {
			return i
		}
	}
	return -1
}

// The envelopes have no rows in the tables, because no field of a contact
// stands behind them.
var (
	anyAttrs = &outline{all: true}
	texts    = &outline{all: true, text: true}
	person   = &outline{parts: []part{{ns: nsAtom, local: "name", json: `"name":`, inner: texts}, {ns: nsAtom, local: "email", json: `"email":`, inner: texts}}}

	// A title has unknown parts besides its type.
	textConstruct = &outline{attrs: []string{"type"}, text: true}

	envelopeParts = []part{
		{ns: nsAtom, local: "id", json: `"id":`, inner: texts, shown: classAll},
		{ns: nsAtom, local: "updated", json: `"updated":`, inner: texts, shown: classAll},
		{ns: nsApp, local: "edited", json: `"app$edited":`, inner: texts, shown: classAll},
		{ns: nsAtom, local: "category", json: `"category":`, inner: anyAttrs, shown: classAll, repeats: true},
		{ns: nsAtom, local: "title", json: `"title":`, inner: textConstruct, shown: classAll},
		{ns: nsAtom, local: "content", json: `"content":`, inner: textConstruct, shown: classAll},
		{ns: nsAtom, local: "link", json: `"link":`, inner: anyAttrs, shown: classAll, repeats: true},
		{ns: nsGD, local: "deleted", json: `"gd$deleted":`, inner: anyAttrs, shown: classAll},
		{ns: nsContact, local: "systemGroup", json: `"gContact$systemGroup":`, inner: anyAttrs, shown: classAll},
	}
	entryOutlines = [...]*outline{
		ContactKind: {etag: true, parts: append(slices.Clone(envelopeParts), outlines(contactShape.elems)...)},
		GroupKind:   {etag: true, parts: append(slices.Clone(envelopeParts), outlines(groupShape.elems)...)},
	}

	// The outline of the entries depends on their kind.
	feedOutline = &outline{etag: true, parts: []part{
		{ns: nsAtom, local: "id", json: `"id":`, inner: texts},
		{ns: nsAtom, local: "updated", json: `"updated":`, inner: texts},
		{ns: nsAtom, local: "category", json: `"category":`, inner: anyAttrs, repeats: true},
		{ns: nsAtom, local: "title", json: `"title":`, inner: textConstruct},
		{ns: nsAtom, local: "link", json: `"link":`, inner: anyAttrs, repeats: true},
		{ns: nsAtom, local: "author", json: `"author":`, inner: person, repeats: true},
		{ns: nsAtom, local: "generator", json: `"generator":`, inner: texts},
		{ns: nsOpenSearch, local: "totalResults", json: `"openSearch$totalResults":`, inner: texts},
		{ns: nsOpenSearch, local: "startIndex", json: `"openSearch$startIndex":`, inner: texts},
		{ns: nsOpenSearch, local: "itemsPerPage", json: `"openSearch$itemsPerPage":`, inner: texts},
		{ns: nsAtom, local: "entry", json: `"entry":`, repeats: true},
	}}
)
