package server_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"contacts"
)

func TestOneServer(t *testing.T) {
	c := config(t)
	first := serve(t, open(t, c))
	second := open(t, c) // as commands do
	try := func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return second.Serve(t.Context(), l, func() { t.Error("the second server says that it answers") })
	}
	t.Run("OPS-90 a second server on the data directory refuses", func(t *testing.T) {
		want := fmt.Sprintf("another server (process %d) runs on the data directory %s;", os.Getpid(), c.Data)
		if err := try(); contacts.KindOf(err) != contacts.Unavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("Serve() = %v, want kind unavailable and %q", err, want)
		}
		addUser(t, second, "elizabeth@example.com", false) // beside the running server
		token := login(t, first.url, "elizabeth@example.com", password)
		if got := do(t, "GET", first.url+feedPath, token, ""); got.status != 200 {
			t.Errorf("the first server answers %d %s", got.status, got.body)
		}
	})
	t.Run("OPS-90 the lock ends with the server, and its file stays", func(t *testing.T) {
		if err := first.end(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(c.Data + "/serve.lock"); err != nil {
			t.Error(err)
		}
		serve(t, second)
	})
}
