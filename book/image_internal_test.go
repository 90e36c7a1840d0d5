package book

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"
)

func TestImageTurns(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	r := newImageReader()
	for range cap(r.small) {
		r.small <- struct{}{}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if media, err := r.mediaType(gone, b.Bytes()); !errors.Is(err, context.Canceled) {
		t.Errorf("mediaType() of a request that was given up = %q, %v while others have their turn", media, err)
	}
	<-r.small
	for range 3 { // it gives its turn back
		if media, err := r.mediaType(context.Background(), b.Bytes()); media != "image/png" || err != nil {
			t.Errorf("mediaType() = %q, %v, want image/png", media, err)
		}
	}
}
