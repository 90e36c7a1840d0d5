package book

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"

	"contacts"
)

// The limits of a photo (PHOTO-15).
const (
	MaxPhotoBytes  = 10 << 20
	MaxPhotoPixels = 40_000_000
)

const (
	// maxWork is the most pixels that a JPEG file may go over, in all its passes
	// together. Encoders make about ten passes; a file could hold 100,000.
	maxWork = 1_000_000_000

	// manyPixels are so many that photos with more are looked at one by one:
	// 40 million take up to 800 MB.
	manyPixels = 4_000_000
)

// An imageFormat is a format of photos, known by how a file begins; ? stands
// for any byte.
type imageFormat struct {
	media  string
	magic  string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var imageFormats = []imageFormat{ // PHOTO-14
	{"image/jpeg", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"image/png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"image/gif", "GIF87a", gif.DecodeConfig, gif.Decode},
	{"image/gif", "GIF89a", gif.DecodeConfig, gif.Decode},
	{"image/bmp", "BM", bmp.DecodeConfig, bmp.Decode},
	{"image/webp", "RIFF????WEBPVP8", webp.DecodeConfig, webp.Decode},
}

// begins reports whether data begins as files of the format do.
func (f *imageFormat) begins(data []byte) bool {
	if len(data) < len(f.magic) {
		return false
	}
	for i := range len(f.magic) {
		if f.magic[i] != '?' && f.magic[i] != data[i] {
			return false
		}
	}
	return true
}

func errNoImage(cause error) error {
	return &contacts.Error{Kind: contacts.Invalid, Code: contacts.CodeInvalidEntry, Reason: "Not a valid image", Err: cause}
}

// An imageReader looks at photos, at few at a time.
type imageReader struct {
	small, large chan struct{} // as many elements as photos are being looked at
}

func newImageReader() *imageReader {
	return &imageReader{make(chan struct{}, 4), make(chan struct{}, 1)}
}

// mediaType finds the media type of a photo from its bytes, and decodes it to
// see that it is whole. It fails with kind Invalid for what is no such image,
// and with kind TooLarge. It looks at the dimensions before anything that
// takes memory for them.
func (r *imageReader) mediaType(ctx context.Context, data []byte) (string, error) {
	if len(data) > MaxPhotoBytes {
		return "", contacts.Errorf(contacts.TooLarge, contacts.CodeTooLarge, "The photo has more than %d bytes", MaxPhotoBytes)
	}
	f := formatOf(data)
	if f == nil {
		return "", errNoImage(nil)
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return "", errNoImage(err)
	}
	pixels := uint64(c.Width) * uint64(c.Height) // each fits in 31 bits
	if pixels > MaxPhotoPixels {
		return "", contacts.Errorf(contacts.TooLarge, contacts.CodeTooLarge, "The photo has more than %d pixels", MaxPhotoPixels)
	}
	if f.media == "image/jpeg" && pixels*scans(data) > maxWork {
		return "", errNoImage(nil)
	}
	turns := r.small
	if pixels > manyPixels {
		turns = r.large
	}
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-turns }()
	if _, err := f.decode(bytes.NewReader(data)); err != nil {
		return "", errNoImage(err)
	}
	return f.media, nil
}

// scans counts the passes of a JPEG file: what looks like the beginning of one,
// its marker, the length of its header and the number of its components.
func scans(data []byte) (n uint64) {
	for {
		_, after, found := bytes.Cut(data, []byte{0xff, 0xda, 0})
		if !found {
			return n
		}
		if len(after) > 1 && after[1] >= 1 && after[1] <= 4 && after[0] == 6+2*after[1] {
			n++
		}
		data = after
	}
}

func formatOf(data []byte) *imageFormat {
	for i := range imageFormats {
		if imageFormats[i].begins(data) {
			return &imageFormats[i]
		}
	}
	return nil
}
