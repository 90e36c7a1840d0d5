package reply_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"

	"contacts/reply"
)

// A client that waits for leave to send its body has to hear that it is
// refused: this one would wait for ever.
func TestRefusedLeave(t *testing.T) {
	srv, _ := serve(t, &reply.Site{}, reply.Handle(func(_ http.ResponseWriter, r *http.Request) error {
		_, err := reply.ReadBody(r, reply.MaxBody)
		return err
	}, plainFail))
	t.Run("RES-65 ERR-49 a body over the limit is refused before it is sent", func(t *testing.T) {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", reply.MaxBody+1)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status = %d, want 413", res.StatusCode)
		}
	})
}
