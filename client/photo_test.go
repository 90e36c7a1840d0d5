package client_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"contacts"
	"contacts/client"
)

// picture is a small PNG.
func picture(t testing.TB, c color.Color) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 4, 4))
	m.Set(1, 1, c)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// endless is a reader that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestPhotos(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithVersion(version))
		ctx := t.Context()
		ct := must(c.InsertContact(ctx, jane()))(t)
		again := func() *client.Contact { t.Helper(); return must(c.Contact(ctx, ct.Entry.ID()))(t) }
		first, second := picture(t, color.White), picture(t, color.Black)

		t.Run("LIB-21 LIB-22 without a photo there is no request", func(t *testing.T) {
			w.forget()
			if _, err := c.Photo(ctx, ct); !errors.Is(err, client.ErrNoPhoto) {
				t.Errorf("Photo() = %v, want ErrNoPhoto", err)
			}
			if err := c.DeletePhoto(ctx, ct); err != nil {
				t.Errorf("DeletePhoto() = %v", err)
			}
			if s := w.seen(); len(s) != 0 {
				t.Errorf("the requests are %q", s)
			}
		})
		t.Run("LIB-20 LIB-21 puts and reads a photo", func(t *testing.T) {
			e := must(c.PutPhoto(ctx, ct, bytes.NewReader(first), "image/png"))(t)
			link := ct.Entry.PhotoLink
			if version == 1 {
				link = ct.Entry.EditPhoto
			}
			if got := w.last(); got.Method != http.MethodPut || !strings.HasSuffix(link, got.RequestURI) {
				t.Errorf("PutPhoto() sends %s %s, want the link %s", got.Method, got.RequestURI, link)
			}
			if e.Self == "" || (e.ETag == "") != (version == 1) {
				t.Errorf("PutPhoto() = %+v", e)
			}
			now := again()
			if !now.HasPhoto() || now.Entry.PhotoETag != e.ETag {
				t.Errorf("the contact has %+v", now.Entry)
			}
			p := must(c.Photo(ctx, now))(t)
			if !bytes.Equal(p.Data, first) || p.ContentType != "image/png" {
				t.Errorf("Photo() = %d bytes of %s", len(p.Data), p.ContentType)
			}
		})
		t.Run("LIB-20 not over another photo", func(t *testing.T) {
			old := again()
			must(c.PutPhoto(ctx, old, bytes.NewReader(second), "image/png"))(t)
			_, err := c.PutPhoto(ctx, old, bytes.NewReader(first), "image/png")
			wantKind(t, err, contacts.Stale)
			wantKind(t, c.DeletePhoto(ctx, old), contacts.Stale)
			must(c.PutPhoto(ctx, old, bytes.NewReader(first), "image/png", client.Force()))(t)
		})
		t.Run("LIB-22 deletes a photo", func(t *testing.T) {
			now := again()
			if err := c.DeletePhoto(ctx, now); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Photo(ctx, now); !errors.Is(err, client.ErrNoPhoto) {
				t.Errorf("Photo() = %v, want ErrNoPhoto", err)
			}
			if again().HasPhoto() {
				t.Error("the contact still has a photo")
			}
		})
		t.Run("LIB-20 what is no image", func(t *testing.T) {
			_, err := c.PutPhoto(ctx, again(), strings.NewReader("words"), "image/png")
			wantKind(t, err, contacts.Invalid)
			_, err = c.PutPhoto(ctx, again(), strings.NewReader("words"), "text/plain")
			wantKind(t, err, contacts.Unsupported)
			_, err = c.PutPhoto(ctx, again(), endless{}, "image/png")
			wantKind(t, err, contacts.TooLarge)
			_, err = c.PutPhoto(ctx, again(), iotest.ErrReader(io.ErrNoProgress), "image/png")
			if !errors.Is(err, io.ErrNoProgress) {
				t.Errorf("PutPhoto() = %v, want the error of the reader", err)
			}
			_, err = c.PutPhoto(ctx, &client.Contact{}, strings.NewReader("words"), "image/png")
			wantKind(t, err, contacts.Invalid)
		})
	})
}
