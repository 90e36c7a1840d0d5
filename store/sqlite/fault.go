package sqlite

import (
	"contacts"

	lite "zombiezen.com/go/sqlite"
)

// fault gives an error of SQLite its kind. What an operator can mend, such as
// a full disk, is Unavailable; the rest is our own fault and has no kind.
func fault(err error) error {
	if err == nil {
		return nil
	}
	reason := ""
	switch lite.ErrCode(err).ToPrimary() {
	case lite.ResultFull, lite.ResultIOErr, lite.ResultCantOpen, lite.ResultReadOnly, lite.ResultNoMem, lite.ResultPerm: // OPS-91, OPS-92, OPS-93
		reason = "The store cannot be read or written"
		if isFull(err) {
			reason = "The store has no room left"
		}
	case lite.ResultBusy, lite.ResultLocked, lite.ResultProtocol:
		reason = "The store is in use"
	default:
		return err
	}
	return &contacts.Error{Kind: contacts.Unavailable, Code: contacts.CodeOverloaded, Reason: reason, Err: err}
}

// isFull reports whether an error of SQLite comes from a full disk.
func isFull(err error) bool {
	code := lite.ErrCode(err)
	return code.ToPrimary() == lite.ResultFull || code == lite.ResultIOErrSHMSize // with which an open ends
}
