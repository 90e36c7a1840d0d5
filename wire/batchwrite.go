package wire

import (
	"strconv"
	"time"

	"contacts"
)

// A BatchFeed has what the envelope around the results of a batch says.
type BatchFeed struct {
	Began   time.Time // when the batch was received; the end of the feed's id
	Updated time.Time // when it was done
	Title   string    // as in the request
	Empty   bool      // no results follow
}

// A BatchResult is the answer to one operation: the contact or the group that
// it is about, or what is known of it without either.
type BatchResult struct {
	ID        string // of batch:id, as sent (BATCH-4)
	HasID     bool
	Operation string // type
	Code      int    // of the status that the single request would have had
	Reason    string

	Contact *contacts.Contact // or (BATCH-6)
	Group   *contacts.Group   // or

	// of a delete or a failure (BATCH-7, BATCH-8):
	EntryID string // atom:id as sent; empty stands for the batch URL
	Updated time.Time
	Title   string
	Content string
}

// An Interrupted ends the results of a document that broke off (BATCH-17).
type Interrupted struct {
	Updated time.Time
	Reason  string // what is wrong with the document

	// How many operations were read, succeeded, failed, and were not begun.
	Parsed, Success, Error, Unprocessed int
}

// AppendBatchHead appends the feed up to its results (BATCH-15).
func (e *Encoder) AppendBatchHead(b []byte, f *BatchFeed) []byte {
	switch e.o.Format {
	case Atom:
		return e.appendBatchAtom(b, f)
	case RSS:
		return e.appendBatchRSS(b, f)
	}
	return e.appendBatchJSON(b, f)
}

// AppendBatchTail appends what follows the results.
func (e *Encoder) AppendBatchTail(b []byte, f *BatchFeed) []byte {
	return e.AppendFeedTail(b, &Feed{Empty: f.Empty})
}

// AppendBatchResult appends the answer to one operation. AppendSeparator parts
// it from the one before.
func (e *Encoder) AppendBatchResult(b []byte, r *BatchResult) []byte {
	if e.o.Format >= JSON {
		from := len(b)
		b = e.appendResultJSON(b, r)
		b[len(b)-1] = ',' // instead of the brace
		return append(r.appendStatusJSON(b, r.clashes(b[from:])), '}')
	}
	b = e.appendResultXML(b, r)
	b = r.appendStatusXML(b[:len(b)-len(e.xml.itemEnd)])
	return append(b, e.xml.itemEnd...)
}

// AppendBatchInterrupted appends the last entry of an answer to a document that
// broke off.
func (e *Encoder) AppendBatchInterrupted(b []byte, i *Interrupted) []byte {
	r := BatchResult{Updated: i.Updated, Title: "Error", Content: i.Reason}
	if e.o.Format >= JSON {
		b = e.appendResultJSON(b, &r)
		b = append(b[:len(b)-1], `,"batch$interrupted":{"reason":"`...)
		b = appendString(b, i.Reason)
		for _, n := range i.counts() {
			b = append(append(append(b, `","`...), n.name...), `":"`...)
			b = strconv.AppendInt(b, int64(n.count), 10)
		}
		return append(b, `"}}`...)
	}
	b = e.appendResultXML(b, &r)
	b = append(b[:len(b)-len(e.xml.itemEnd)], "<batch:interrupted reason='"...) // BATCH-17
	b = appendAttr(b, i.Reason)
	for _, n := range i.counts() {
		b = append(append(append(b, "' "...), n.name...), "='"...)
		b = strconv.AppendInt(b, int64(n.count), 10)
	}
	return append(append(b, "'/>"...), e.xml.itemEnd...)
}

type namedCount struct {
	name  string
	count int
}

func (i *Interrupted) counts() [4]namedCount {
	return [4]namedCount{{"parsed", i.Parsed}, {"success", i.Success}, {"error", i.Error}, {"unprocessed", i.Unprocessed}}
}

// batchURL is the address of the feed's batch (FEED-10).
func (e *Encoder) batchURL() string { return e.feedURL() + "/batch" }

// batchID is the id of an answer.
func (e *Encoder) batchID(f *BatchFeed) string {
	return e.batchURL() + "/" + strconv.FormatInt(f.Began.UnixMilli(), 10) // BATCH-15
}

func (e *Encoder) appendBatchAtom(b []byte, f *BatchFeed) []byte {
	b = append(b, xmlDeclaration+"<feed xmlns='"+atomNS+"' xmlns:openSearch='"...)
	b = append(b, e.openSearchNS()...)
	b = append(b, "' xmlns:gContact='"+contactNS+"' xmlns:batch='"+batchNS+"' xmlns:gd='"+gdNS+"'><id>"...) // VER-40
	b = append(appendText(b, e.batchID(f)), "</id><updated>"...)
	b = append(appendTime(b, revOf(f.Updated)), "</updated><title"...)
	b = e.appendTitleText(b, f.Title)
	return appendLinkXML(b, "<link", link{gdNS + "#batch", feedType, e.batchURL()})
}

func (e *Encoder) appendBatchRSS(b []byte, f *BatchFeed) []byte {
	b = append(append(b, rssRoot...), e.openSearchNS()...)
	b = append(b, "' xmlns:gContact='"+contactNS+"' xmlns:batch='"+batchNS+"' xmlns:gd='"+gdNS+"'><channel><atom:id>"...)
	b = append(appendText(b, e.batchID(f)), "</atom:id><lastBuildDate>"...)
	b = append(appendMailTime(b, revOf(f.Updated)), "</lastBuildDate><title"...)
	b = append(e.appendTitleText(b, f.Title), noDescription+"<link>"...)
	b = append(appendText(b, e.o.Base), "/</link>"...) // a channel must have one
	return appendLinkXML(b, "<atom:link", link{gdNS + "#batch", feedType, e.batchURL()})
}

func (e *Encoder) appendBatchJSON(b []byte, f *BatchFeed) []byte {
	b = append(append(b, e.json.document...), `"feed":{"xmlns":"`+atomNS+`","xmlns$openSearch":"`...)
	b = append(b, e.openSearchNS()...)
	b = append(b, `","xmlns$gContact":"`+contactNS+`","xmlns$batch":"`+batchNS+`","xmlns$gd":"`+gdNS+`","id":{"$t":"`...)
	b = append(appendString(b, e.batchID(f)), `"},"updated":{"$t":"`...)
	b = append(appendTime(b, revOf(f.Updated)), `"},"title":`...)
	b = e.appendTextJSON(b, nil, f.Title)
	b = append(b, `"link":[{"rel":"`+gdNS+`#batch","type":"`+feedType+`","href":"`...)
	b = append(appendString(b, e.batchURL()), `"}]`...)
	if f.Empty {
		return b // JSON-6
	}
	return append(b, `,"entry":[`...)
}

// appendTitleText appends a title after the name of its element.
func (e *Encoder) appendTitleText(b []byte, title string) []byte {
	if e.o.Format == Atom && e.o.View.Version < 2 {
		b = append(b, " type='text'"...) // VER-29
	}
	if title == "" {
		return append(b, e.xml.noTitle...)
	}
	b = appendText(append(b, '>'), title)
	return append(b, e.xml.titleEnd...)
}

// appendResultXML appends the entry or item of a result without what says that
// it is one.
func (e *Encoder) appendResultXML(b []byte, r *BatchResult) []byte {
	switch {
	case r.Contact != nil:
		return e.appendContactXML(b, r.Contact, false) // BATCH-6
	case r.Group != nil:
		return e.appendGroupXML(b, r.Group, false) // BATCH-6
	}
	p := &e.xml
	b = append(b, p.item...)
	if e.o.Format == RSS {
		b = e.appendEntryID(append(b, "><guid isPermaLink='false'>"...), r, appendText)
		b = appendTime(append(b, "</guid><atom:updated>"...), revOf(r.Updated))
		b = append(b, "</atom:updated><title"...)
	} else {
		b = e.appendEntryID(append(b, "><id>"...), r, appendText)
		b = appendTime(append(b, "</id><updated>"...), revOf(r.Updated))
		b = append(b, "</updated><title"...)
	}
	b = e.appendTitleText(b, r.Title) // BATCH-7 BATCH-8
	if r.Content != "" {
		b = appendText(append(append(b, p.content...), '>'), r.Content) // BATCH-7 BATCH-8
		b = append(b, p.contentEnd...)
	}
	return append(b, p.itemEnd...)
}

// appendEntryID appends the id of an entry that is not there, escaped by text.
func (e *Encoder) appendEntryID(b []byte, r *BatchResult, text func([]byte, string) []byte) []byte {
	if r.EntryID != "" {
		return text(b, r.EntryID) // BATCH-7 BATCH-8
	}
	return append(text(b, e.feedURL()), "/batch"...) // BATCH-8
}

// appendStatusXML appends what makes an entry a result; it comes last.
func (r *BatchResult) appendStatusXML(b []byte) []byte {
	if r.HasID {
		b = appendText(append(b, "<batch:id>"...), r.ID) // BATCH-4
		b = append(b, "</batch:id>"...)
	}
	b = append(b, "<batch:status code='"...) // BATCH-4
	b = strconv.AppendInt(b, int64(r.Code), 10)
	b = appendAttr(append(b, "' reason='"...), r.Reason)
	b = append(b, "'/><batch:operation type='"...) // BATCH-4
	return append(appendAttr(b, r.Operation), "'/>"...)
}

// appendResultJSON is appendResultXML in JSON.
func (e *Encoder) appendResultJSON(b []byte, r *BatchResult) []byte {
	switch {
	case r.Contact != nil:
		return e.appendContactJSON(b, r.Contact, false)
	case r.Group != nil:
		return e.appendGroupJSON(b, r.Group, false)
	}
	b = e.appendEntryID(append(b, `{"id":{"$t":"`...), r, appendString)
	b = appendTime(append(b, `"},"updated":{"$t":"`...), revOf(r.Updated))
	b = e.appendTextJSON(append(b, `"},"title":`...), nil, r.Title)
	if r.Content != "" {
		b = e.appendTextJSON(append(b, `"content":`...), nil, r.Content)
	}
	return closeObject(b)
}

// clashes are the members of an entry's object, if it has any of which the
// names are not known; else nil.
func (r *BatchResult) clashes(object []byte) names {
	switch {
	case r.Contact != nil && find(r.Contact.Extra, "") != nil, r.Group != nil && find(r.Group.Extra, "") != nil:
		return keys(object)
	}
	return nil
}

// appendStatusJSON is appendStatusXML in JSON.
func (r *BatchResult) appendStatusJSON(b []byte, taken names) []byte {
	if r.HasID {
		b = appendBatchKey(b, "batch$id", taken)
		b = appendString(append(b, `{"$t":"`...), r.ID)
		b = append(b, `"},`...)
	}
	b = appendBatchKey(b, "batch$status", taken)
	b = strconv.AppendInt(append(b, `{"code":"`...), int64(r.Code), 10)
	b = appendString(append(b, `","reason":"`...), r.Reason)
	b = appendBatchKey(append(b, `"},`...), "batch$operation", taken)
	b = appendString(append(b, `{"type":"`...), r.Operation)
	return append(b, `"}`...)
}

// appendBatchKey appends a member's name, which must differ from those taken.
func appendBatchKey(b []byte, name string, taken names) []byte {
	if taken != nil {
		return taken.appendKey(b, name)
	}
	return append(append(append(b, '"'), name...), `":`...)
}
