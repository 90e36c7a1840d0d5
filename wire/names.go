package wire

import "contacts"

// The namespaces of the protocol (3.1).
const (
	atomNS          = "http://www.w3.org/2005/Atom"
	gdNS            = "http://schemas.google.com/g/2005"
	contactNS       = "http://schemas.google.com/contact/2008"
	batchNS         = "http://schemas.google.com/gdata/batch"
	appNS           = "http://www.w3.org/2007/app"
	openSearchNS    = "http://a9.com/-/spec/opensearch/1.1/"
	openSearchRSSNS = "http://a9.com/-/spec/opensearchrss/1.0/"
	xmlNS           = "http://www.w3.org/XML/1998/namespace"
	xmlnsNS         = "http://www.w3.org/2000/xmlns/"
)

// gdWord begins the URI that stands for a word in gd elements, kindScheme is
// the scheme of kind categories, and photoRel begins the rels of photo links.
const (
	gdWord     = gdNS + "#"
	kindScheme = gdNS + "#kind"
	photoRel   = "http://schemas.google.com/contacts/2008/rel#"
)

// An nsID numbers a namespace within one document. The namespaces of the
// protocol have the same numbers in all documents.
type nsID int32

const (
	nsNone nsID = iota // no namespace
	nsXML
	nsXMLNS
	nsAtom
	nsGD
	nsContact
	nsBatch
	nsApp
	nsAppOld      // of version 1
	nsAppOldPlain // the same as some clients write it (VER-21)
	nsOpenSearch
	nsOpenSearchRSS
	nsKnown // the first number of a namespace outside the protocol
)

var knownNS = [nsKnown]string{
	nsXML:           xmlNS,
	nsXMLNS:         xmlnsNS,
	nsAtom:          atomNS,
	nsGD:            gdNS,
	nsContact:       contactNS,
	nsBatch:         batchNS,
	nsApp:           appNS,
	nsAppOld:        "http://purl.org/atom/app#",
	nsAppOldPlain:   "http://purl.org/atom/app",
	nsOpenSearch:    openSearchNS,
	nsOpenSearchRSS: openSearchRSSNS,
}

// prefixes are those of the schema's element names, which feeds and entries
// declare in every format.
var prefixes = map[string]nsID{"gd": nsGD, "gContact": nsContact}

// reserved are the prefixes that answers give a meaning of their own.
var reserved = map[string]nsID{
	"gd": nsGD, "gContact": nsContact, "batch": nsBatch, "openSearch": nsOpenSearch, "app": nsApp, "atom": nsAtom,
}

// A class is what views have in common that show the same elements.
type class uint8

const (
	classParts  class = 1 << iota // version 3
	classShared                   // versions 1 and 2 of shared contacts
	classUser                     // versions 1 and 2 of a user's contacts

	classAll = classParts | classShared | classUser
)

func classOf(v contacts.View) class {
	switch {
	case v.Version >= 3:
		return classParts
	case v.Shared:
		return classShared
	}
	return classUser
}
