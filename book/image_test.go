package book_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"golang.org/x/image/bmp"

	"contacts"
	"contacts/book"
)

// portrait is a picture of so many pixels.
func portrait(width, height int) image.Image {
	m := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White, color.RGBA{200, 30, 30, 255}})
	for i := range m.Pix {
		m.Pix[i] = uint8(i % 3)
	}
	return m
}

// webpPortrait is a WebP file of one pixel.
var webpPortrait = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

// encoded is a file of every accepted type.
func encoded(t testing.TB, width, height int) map[string][]byte {
	t.Helper()
	m := portrait(width, height)
	files := map[string]*bytes.Buffer{"image/jpeg": {}, "image/png": {}, "image/gif": {}, "image/bmp": {}}
	if err := errors.Join(jpeg.Encode(files["image/jpeg"], m, nil), png.Encode(files["image/png"], m),
		gif.Encode(files["image/gif"], m, nil), bmp.Encode(files["image/bmp"], m)); err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{"image/webp": webpPortrait}
	for media, b := range files {
		all[media] = b.Bytes()
	}
	return all
}

// hugePNG is a small file that claims to have so many pixels.
func hugePNG(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	header = append(binary.BigEndian.AppendUint32(header, height), 8, 2, 0, 0, 0)
	b := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	b = append(b, header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func TestNewPhoto(t *testing.T) {
	l := newLibrary(t, book.Options{})
	ctx := context.Background()
	for media, data := range encoded(t, 12, 9) {
		t.Run("PHOTO-6 PHOTO-14 PHOTO-16 the bytes say that they are "+media, func(t *testing.T) {
			p, err := l.NewPhoto(ctx, data)
			if err != nil || p.Type != media || p.Version != contacts.PhotoVersion(data) || !bytes.Equal(p.Data, data) {
				t.Fatalf("NewPhoto() = %+v, %v, want the bytes as %s", p, err, media)
			}
		})
		t.Run("PHOTO-14 a truncated file is not "+media, func(t *testing.T) {
			for _, n := range []int{1, 2, 3, 8, 13, 20, len(data) / 2, len(data) * 3 / 4} {
				if n < len(data) {
					_, err := l.NewPhoto(ctx, data[:n])
					wantKind(t, err, contacts.Invalid, contacts.CodeInvalidEntry)
				}
			}
		})
	}
	t.Run("PHOTO-6 the version of a photo", func(t *testing.T) {
		for data, want := range map[string]string{"": "1B2M2Y8AsgTpgAmY7PhCfg", "Elizabeth Bennet": "e21CFBj9IAimGYLzApWNGg"} {
			if got := contacts.PhotoVersion([]byte(data)); got != want {
				t.Errorf("PhotoVersion(%q) = %s, want %s", data, got, want)
			}
		}
	})
	small := encoded(t, 2, 2)
	damaged := append([]byte(nil), webpPortrait...)
	damaged[15] = 'X'
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("Not all that Mr Darcy is."), "a page": []byte("<html><script>alert(1)</script></html>"),
		"SVG": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "TIFF": []byte("II*\x00\x08\x00\x00\x00"),
		"only the magic of JPEG": []byte("\xff\xd8\xff"), "only the magic of BMP": []byte("BM"), "a page that begins as BMP": []byte("BM<html><script>alert(1)</script></html>" + strings.Repeat(" ", 100)),
		"PNG whose data is damaged":  append(append([]byte(nil), small["image/png"][:45]...), make([]byte, 40)...),
		"GIF of no pixels":           []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;"),
		"WebP with a damaged header": damaged,
	} {
		t.Run("PHOTO-14 "+name+" is no image", func(t *testing.T) {
			_, err := l.NewPhoto(ctx, data)
			wantKind(t, err, contacts.Invalid, contacts.CodeInvalidEntry)
			if err == nil || !strings.HasPrefix(err.Error(), "Not a valid image") {
				t.Errorf("NewPhoto() = %v, want Not a valid image", err)
			}
		})
	}
	header := func(media string, width, height uint32) []byte {
		b := append([]byte(nil), small[media]...)
		switch media {
		case "image/png":
			return hugePNG(width, height)
		case "image/gif":
			binary.LittleEndian.PutUint16(b[6:], uint16(width))
			binary.LittleEndian.PutUint16(b[8:], uint16(height))
		case "image/bmp":
			binary.LittleEndian.PutUint32(b[18:], width)
			binary.LittleEndian.PutUint32(b[22:], height)
		case "image/jpeg":
			i := bytes.Index(b, []byte{0xff, 0xc0})
			binary.BigEndian.PutUint16(b[i+5:], uint16(height))
			binary.BigEndian.PutUint16(b[i+7:], uint16(width))
		}
		return b
	}
	t.Run("PHOTO-14 JPEG of many pixels and very many passes is no image", func(t *testing.T) {
		for passes, decoded := range map[int]bool{24: true, 25: false} { // and the one that it has
			data := append(header("image/jpeg", 8000, 5000), bytes.Repeat([]byte{0xff, 0xda, 0, 8, 1}, passes)...)
			_, err := l.NewPhoto(ctx, data)
			wantKind(t, err, contacts.Invalid, contacts.CodeInvalidEntry)
			if cause := errors.Unwrap(err); (cause != nil) != decoded {
				t.Errorf("%d passes more: the decoder says %v, and was asked: %v", passes, cause, decoded)
			}
		}
	})
	for _, tt := range []struct {
		name string
		data []byte
	}{
		{"100,000 x 100,000 pixels of PNG in a small file", header("image/png", 100_000, 100_000)},
		{"40,000,001 pixels", header("image/png", 40_000_001, 1)},
		{"65,535 x 65,535 pixels of GIF", header("image/gif", 65_535, 65_535)},
		{"65,535 x 65,535 pixels of JPEG", header("image/jpeg", 65_535, 65_535)},
		{"100,000 x 100,000 pixels of BMP", header("image/bmp", 100_000, 100_000)},
		{"more than 10 MiB", append(append([]byte(nil), small["image/png"]...), make([]byte, book.MaxPhotoBytes)...)},
	} {
		t.Run("PHOTO-15 "+tt.name+": too large", func(t *testing.T) {
			_, err := l.NewPhoto(ctx, tt.data)
			wantKind(t, err, contacts.TooLarge, contacts.CodeTooLarge)
		})
	}
	t.Run("PHOTO-15 as large as a photo may be", func(t *testing.T) {
		var b bytes.Buffer
		if err := gif.Encode(&b, portrait(8000, 5000), nil); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{
			"40 megapixels": b.Bytes(),
			"10 MiB":        append(append([]byte(nil), small["image/png"]...), make([]byte, book.MaxPhotoBytes-len(small["image/png"]))...),
		} {
			if _, err := l.NewPhoto(ctx, data); err != nil {
				t.Errorf("NewPhoto of %s: %v", name, err)
			}
		}
	})
}

// FuzzPhoto looks for bytes that make trouble, or are taken for an image of
// which they have not the form.
func FuzzPhoto(f *testing.F) {
	for _, data := range encoded(f, 3, 2) {
		f.Add(data)
	}
	f.Add(hugePNG(100_000, 100_000))
	l := newLibrary(f, book.Options{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := l.NewPhoto(context.Background(), data)
		if err != nil {
			if k := contacts.KindOf(err); k != contacts.Invalid && k != contacts.TooLarge {
				t.Fatalf("NewPhoto() = %v, want kind invalid or too large", err)
			}
			return
		}
		if !bytes.Equal(p.Data, data) || !strings.HasPrefix(p.Type, "image/") || len(p.Version) != 22 {
			t.Fatalf("NewPhoto() = %+v", p)
		}
		if p.Type == "image/png" && !bytes.HasPrefix(data, []byte("\x89PNG")) {
			t.Fatalf("%.20q is said to be PNG", data)
		}
	})
}
