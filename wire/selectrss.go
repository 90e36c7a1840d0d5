package wire

import "time"

// rssItems writes RSS: the elements of Atom become those of RSS, and all
// others stay as they are (RSS-19). There is no pubDate, because Atom has
// nothing to select it by.
type rssItems struct {
	t *tree
	e *Encoder
}

// noDescription stands in every channel, because RSS demands one.
const noDescription = "<description></description>" // RSS-6

func (w *rssItems) entry(b []byte) []byte {
	b = append(b, w.e.xml.document...)
	b = w.item(b, 0)
	return append(b, w.e.xml.documentEnd...)
}

func (w *rssItems) feed(b []byte) []byte {
	b = append(append(b, rssRoot...), w.e.openSearchNS()...)
	b = append(b, "' xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"'><channel"...) // RSS-1
	return append(w.attrs(b, &w.t.nodes[0]), '>')
}

func (w *rssItems) feedEnd(b []byte) []byte { return append(b, "</channel></rss>"...) }

func (w *rssItems) child(b []byte, n int32) []byte {
	node := &w.t.nodes[n]
	switch {
	case node.name.ns != nsAtom:
		return w.t.appendXML(b, n) // RSS-10
	case node.name.local == "title":
		if node.mark != markNone {
			b = w.renamed(b, node, "title", "") // RSS-5
		}
		return append(b, noDescription...)
	case node.mark == markNone:
		return b
	}
	switch node.name.local {
	case "entry":
		return w.item(b, n) // RSS-11
	case "id":
		return w.renamed(b, node, "atom:id", "") // RSS-2
	case "updated":
		t, _ := time.Parse(time.RFC3339, node.text)                   // our own
		b = appendMailTime(append(b, "<lastBuildDate>"...), revOf(t)) // RSS-3
		return append(b, "</lastBuildDate>"...)
	case "category":
		return w.category(b, node) // RSS-4
	case "link":
		if w.t.value(node, "rel") != "alternate" {
			return w.link(b, node)
		}
		if href, ok := w.selected(node, "href"); ok {
			b = append(appendText(append(b, "<link>"...), href), "</link>"...) // RSS-7
		}
	case "author":
		return w.editor(b, node) // RSS-8
	case "generator":
		if node.mark == markAll {
			b = append(appendText(append(b, "<generator>"...), node.text), "</generator>"...) // RSS-9
		}
	}
	return b
}

// item appends an entry.
func (w *rssItems) item(b []byte, n int32) []byte {
	root := &w.t.nodes[n]
	b = append(b, "<item"...)
	for c := root.first; c != 0; c = w.t.nodes[c].next {
		if w.t.nodes[c].name.ns == nsBatch {
			b = append(b, " xmlns:batch='"+batchNS+"'"...) // only the answer to a batch has its elements
			break
		}
	}
	b = append(w.attrs(b, root), '>')
	for c := root.first; c != 0; c = w.t.nodes[c].next {
		node := &w.t.nodes[c]
		if root.mark == markAll {
			node.mark = markAll
		}
		b = w.itemChild(b, c, node)
	}
	return append(b, "</item>"...)
}

func (w *rssItems) itemChild(b []byte, n int32, node *treeNode) []byte {
	if node.name.ns == nsAtom && node.mark != markNone {
		switch node.name.local {
		case "id":
			return w.renamed(b, node, "guid", " isPermaLink='false'") // RSS-12
		case "updated":
			return w.renamed(b, node, "atom:updated", "") // RSS-13
		case "category":
			if w.t.value(node, "scheme") == kindScheme { // others are unknown to the schema
				return w.category(b, node) // RSS-15
			}
		case "title":
			return w.renamed(b, node, "title", "") // RSS-16
		case "content":
			return w.renamed(b, node, "description", "") // RSS-17
		case "link":
			return w.link(b, node) // RSS-18
		}
	}
	return w.t.appendXML(b, n) // RSS-19
}

// attrs appends the selected attributes of a feed or entry. The root of RSS
// declares the prefixes of the protocol.
func (w *rssItems) attrs(b []byte, node *treeNode) []byte {
	for _, a := range w.t.attributes(node) {
		if _, ok := reserved[a.local]; a.decl && (ok || a.local == "") {
			continue
		}
		if a.on || node.mark == markAll {
			b = append(b, w.t.p.s[a.from:a.to]...)
		}
	}
	return b
}

// renamed appends an element under another name, with more attributes and
// without the type of a text.
func (w *rssItems) renamed(b []byte, node *treeNode, name, more string) []byte {
	b = append(append(append(b, '<'), name...), more...)
	for _, a := range w.t.attributes(node) {
		if (a.on || node.mark == markAll) && (a.ns != nsNone || a.local != "type" || a.decl) {
			b = append(b, w.t.p.s[a.from:a.to]...)
		}
	}
	b = append(b, '>')
	if node.mark == markAll {
		b = append(b, w.t.p.s[node.open:node.shut]...)
	} else {
		for c := node.first; c != 0; c = w.t.nodes[c].next {
			b = w.t.appendXML(b, c)
		}
	}
	return append(append(append(b, "</"...), name...), '>')
}

// selected is the value of an attribute without namespace, if it is selected.
func (w *rssItems) selected(node *treeNode, local string) (string, bool) {
	for _, a := range w.t.attributes(node) {
		if a.ns == nsNone && !a.decl && a.local == local {
			return a.value, a.on || node.mark == markAll
		}
	}
	return "", false
}

func (w *rssItems) category(b []byte, node *treeNode) []byte {
	b = append(b, "<category"...)
	if scheme, ok := w.selected(node, "scheme"); ok {
		b = append(appendAttr(append(b, " domain='"...), scheme), '\'')
	}
	b = append(b, '>')
	if term, ok := w.selected(node, "term"); ok {
		b = appendText(b, term)
	}
	return append(b, "</category>"...)
}

// link appends a link with the attributes that are selected.
func (w *rssItems) link(b []byte, node *treeNode) []byte {
	b = w.t.appendAttrs(append(b, "<atom:link"...), node)
	return append(b, "/>"...)
}

// editor appends what is selected of an author: the address, the name in
// parentheses.
func (w *rssItems) editor(b []byte, node *treeNode) []byte {
	b = append(b, "<managingEditor>"...)
	var name string
	hasName, hasEmail := false, false
	for c := node.first; c != 0; c = w.t.nodes[c].next {
		part := &w.t.nodes[c]
		switch on := part.mark == markAll || node.mark == markAll; {
		case on && part.name.local == "name":
			name, hasName = part.text, true
		case on && part.name.local == "email":
			b, hasEmail = appendText(b, part.text), true
		}
	}
	if hasName && hasEmail {
		b = append(b, ' ')
	}
	if hasName {
		b = append(appendText(append(b, '('), name), ')')
	}
	return append(b, "</managingEditor>"...)
}
