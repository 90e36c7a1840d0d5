package contacts

import "time"

// A Query selects entries of one book. Its conditions combine with AND
// (QRY-25); the zero value selects every live entry.
type Query struct {
	Text  string // words that must all occur, see Search
	Group ID     // members of that group only; 0 for all; contacts only

	UpdatedMin   time.Time // inclusive; zero for no bound
	UpdatedMax   time.Time // exclusive
	PublishedMin time.Time // inclusive, by the time of the insert
	PublishedMax time.Time // exclusive

	ShowDeleted bool // tombstones and removed memberships too
	DeletedMin  Rev  // tombstones with a smaller revision are forgotten

	// ByUpdated orders by the time of the last change. Otherwise entries come
	// by ascending ID, so that pages neither skip nor repeat (QRY-29).
	ByUpdated  bool
	Descending bool // with ByUpdated only (QRY-7)

	Start int // 1-based index of the first entry wanted; 0 means 1
	Max   int // most entries wanted; 0 means none, see Page.Total; negative means all
}

// A Page says where a page stands in the result of a query.
type Page struct {
	Updated time.Time // a time to resume from with UpdatedMin (FEED-4)
	Rev     Rev       // of the book in the snapshot that was read
	Total   int       // entries that match, all pages together
	Start   int       // 1-based index of the page's first entry
	Count   int       // entries on the page
	More    bool      // entries remain after this page
}
