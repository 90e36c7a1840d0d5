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
	reason, code := "", lite.ErrCode(err)
	if code == lite.ResultIOErrSHMSize { // with which an open ends on a full disk
		code = lite.ResultFull
	}
	switch code.ToPrimary() {
	case lite.ResultFull: // OPS-91
		reason = "The store has no room left"
	case lite.ResultIOErr, lite.ResultCantOpen, lite.ResultReadOnly, lite.ResultNoMem, lite.ResultPerm: // OPS-92, OPS-93
		reason = "The store cannot be read or written"
	case lite.ResultBusy, lite.ResultLocked, lite.ResultProtocol:
		reason = "The store is in use"
	default:
		return err
	}
	return &contacts.Error{Kind: contacts.Unavailable, Code: contacts.CodeOverloaded, Reason: reason, Err: err}
}
