package contacts

import (
	"errors"
	"fmt"
)

// A Kind says what went wrong in terms that a caller can act on. Kinds are
// errors themselves, so that code reads errors.Is(err, contacts.NotFound).
type Kind string

// The kinds of error. Package reply maps each to one HTTP status.
const (
	Invalid       Kind = "invalid"                 // the input must change
	Unauthorized  Kind = "not signed in"           // sign in, or sign in again
	Forbidden     Kind = "forbidden"               // another account, scope or setting is needed
	NotFound      Kind = "not found"               // it does not exist, or no longer
	NotAllowed    Kind = "method not allowed"      // another method is needed
	Duplicate     Kind = "duplicate"               // it exists already
	Gone          Kind = "gone"                    // it is no longer known; read everything again
	Stale         Kind = "stale"                   // it has changed; read it again
	TooLarge      Kind = "too large"               // send less
	Unsupported   Kind = "unsupported type"        // send another media type
	Unimplemented Kind = "not supported"           // this server has no such feature
	Unavailable   Kind = "temporarily unavailable" // try again later
)

func (k Kind) Error() string { return string(k) }

// An Error is an error with a kind and a reason fit to show to the user.
type Error struct {
	Kind   Kind
	Code   Code   // finer than Kind; empty when the protocol names none
	Reason string // one line, no secrets and no data of others (ERR-8)
	Path   string // where in the entry, such as gd:email[2]/@rel; empty if nowhere
	Err    error  // the cause, for the log; nil without one
}

func (e *Error) Error() string {
	s := e.Reason
	if s == "" {
		s = string(e.Kind)
	}
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is reports whether target is e's kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a reason. The code may be empty.
func Errorf(k Kind, code Code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Reason: fmt.Sprintf(format, args...)}
}

// KindOf is the kind of err, or empty for nil and for an error without one,
// which is a fault of our own.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	errors.As(err, &k)
	return k
}

// A Code is the reason of an error for programs, as the GData error document
// has it (07-errors).
type Code string

// The codes of the protocol, in the order of 07-errors.
const (
	CodeParse             Code = "ParseException"              // ERR-23
	CodeAttributeValue    Code = "invalidAttributeValue"       // ERR-24
	CodeMissingElement    Code = "missingExtensionElement"     // ERR-25
	CodeMissingContent    Code = "missingRequiredContent"      // ERR-25
	CodeNotRepeatable     Code = "elementNotRepeatable"        // ERR-26
	CodeInvalidEntry      Code = "invalidEntry"                // ERR-27, ERR-33
	CodeExclusive         Code = "valueXmlMutuallyExclusive"   // ERR-28
	CodeParameterValue    Code = "invalidParameterValue"       // ERR-29
	CodeRequestURI        Code = "invalidRequestUri"           // ERR-30
	CodeVersion           Code = "versionNotSupported"         // ERR-32
	CodeForbidden         Code = "ServiceForbiddenException"   // ERR-37, ERR-38
	CodeUnsupportedParam  Code = "unsupportedQueryParam"       // ERR-39
	CodeHeaderRequired    Code = "headerRequired"              // ERR-40
	CodeCannotEdit        Code = "cannotEditResource"          // ERR-41
	CodeQuota             Code = "quotaExceeded"               // ERR-42
	CodeNotFound          Code = "ResourceNotFoundException"   // ERR-43
	CodeConflict          Code = "VersionConflictException"    // ERR-46
	CodeNoLongerAvailable Code = "NoLongerAvailableException"  // ERR-47
	CodeETags             Code = "etagsMismatch"               // ERR-48
	CodeTooLarge          Code = "uploadTooLarge"              // ERR-49
	CodeContentType       Code = "unsupportedContentType"      // ERR-50
	CodeNotImplemented    Code = "NotImplementedException"     // ERR-52
	CodeRateLimit         Code = "rateLimitExceeded"           // ERR-53
	CodeOverloaded        Code = "serverOverloaded"            // ERR-53
	CodeAlt               Code = "invalidAltValue"             // ERR-54
	CodeMethodOverride    Code = "invalidMethodOverrideHeader" // WRT-24
	CodeUnknownParam      Code = "invalidQueryParameter"       // QRY-17
	CodeFieldSelection    Code = "invalidFieldSelection"       // QRY-65
)

// CodeOf is the code of err, or empty.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
