package contacts

import (
	"crypto/md5"
	"encoding/base64"
)

// A Photo says which photo a contact has, without its bytes.
type Photo struct {
	// Version is the PhotoVersion of the bytes, or empty without a photo.
	Version string
}

// PhotoVersion is the version of the photo with these bytes: the unpadded
// URL-safe base64 of their MD5, 22 characters. That of no bytes stands for no
// photo.
func PhotoVersion(data []byte) string {
	sum := md5.Sum(data)
	return base64.RawURLEncoding.EncodeToString(sum[:]) // PHOTO-6
}

// ETag is the strong entity tag of the photo in a contact's link to it and in
// the answer to a write. A contact without photo has none.
func (p Photo) ETag() string { return `"` + p.Version + `."` } // VER-74

// MediaETag is the strong entity tag that comes with the bytes. It is another
// one, because there are clients that ask for a photo unless it has the ETag
// of the link, and cannot be told that it has (VER-74).
func (p Photo) MediaETag() string { return `"` + p.Version + `.get"` } // VER-74
