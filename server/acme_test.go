package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

// acmeTools are the test server of ACME and the name server it asks, which are
// pinned in tools/tools.mod.
var acmeTools = []string{"github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv"}

// buildTools builds them and returns their folder.
func buildTools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"build", "-modfile=" + filepath.Join("..", "tools", "tools.mod"), "-o", dir + string(filepath.Separator)}, acmeTools...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cannot build the test server of ACME: %v\n%s", err, out)
		}
		t.Skipf("cannot build the test server of ACME: %v", err)
	}
	return dir
}

// freeAddress is an address of this machine on which nobody listens. Its port
// is below those that systems give out by themselves, so that nobody else gets
// it before it is used.
func freeAddress(t testing.TB) string {
	t.Helper()
	for try := 1; ; try++ {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+mathrand.IntN(20_000))
		stream, err := net.Listen("tcp", address)
		if err == nil {
			stream.Close()
			var packets net.PacketConn
			if packets, err = net.ListenPacket("udp", address); err == nil { // for the name server
				packets.Close()
				return address
			}
		}
		if try == 100 {
			t.Fatal(err)
		}
	}
}

func portOf(t testing.TB, address string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

// background runs a program until the test ends, or stop is called, and waits
// until it accepts connections.
func background(t *testing.T, address string, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	var out logBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() {
		cmd.Process.Kill()
		err := <-ended
		ended <- err
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(cmd.Path), out.String())
		}
	})
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return stop
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", cmd.Path, err, out.String())
		default:
			runtime.Gosched()
		}
	}
}

// An authority is a running test server of ACME. It asks for challenges on
// ports of this machine, whatever the host is called.
type authority struct {
	directory string
	ca        string // file of the certificate of its https
	roots     *x509.CertPool
	stop      func()
}

func startAuthority(t *testing.T, bin string, httpPort, tlsPort int) *authority {
	t.Helper()
	dir := t.TempDir()
	names, manage := freeAddress(t), freeAddress(t)
	background(t, manage, exec.Command(filepath.Join(bin, "pebble-challtestsrv"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
		"-dnsserver", names, "-management", manage, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""))

	listen, control := freeAddress(t), freeAddress(t)
	a := &authority{directory: "https://" + listen + "/dir", ca: filepath.Join(dir, "ca.pem"), roots: x509.NewCertPool()}
	key := writeAuthorityPair(t, a.ca, filepath.Join(dir, "ca.key"))
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": control, "certificate": a.ca, "privateKey": filepath.Join(dir, "ca.key"),
		"httpPort": httpPort, "tlsPort": tlsPort,
		"profiles": map[string]any{"default": map[string]any{"description": "for tests", "validityPeriod": 7776000}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(bin, "pebble"), "-config", file, "-dnsserver", names, "-strict")
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=20")
	a.stop = background(t, control, cmd)

	own := x509.NewCertPool()
	own.AddCert(key)
	res, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own}}}).Get("https://" + control + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || !a.roots.AppendCertsFromPEM(text) {
		t.Fatalf("the root is %s, %v", text, err)
	}
	return a
}

// writeAuthorityPair makes the certificate of the authority's own https.
func writeAuthorityPair(t *testing.T, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// presented opens an https connection for a host and returns the certificate.
func presented(address, host string, roots *x509.CertPool) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", address, &tls.Config{ServerName: host, RootCAs: roots, NextProtos: []string{"http/1.1"}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// fetched is a part of what the log says when a certificate has come, and when
// it has not.
const fetched = "certificate by ACME"

// await waits until the log tells how it went, and fails unless it says want.
func await(t *testing.T, log *logWatch, want string) {
	t.Helper()
	<-log.said
	if text := log.String(); !strings.Contains(text, want+" "+fetched) {
		t.Fatalf("the log says\n%s\nwant %q", text, want+" "+fetched)
	}
}

const acmeHost = "contacts.example.com"

func TestACME(t *testing.T) {
	bin := buildTools(t)
	acmeConfig := func(a *authority) server.Config {
		c := config(t)
		c.ACMEDomains, c.ACMEEmail = []string{"Contacts.example.com"}, "jane@example.com"
		c.ACMEDirectory, c.ACMECA = a.directory, a.ca
		return c
	}

	t.Run("OPS-63 OPS-64 a certificate by the challenge tls-alpn-01", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a := startAuthority(t, bin, portOf(t, freeAddress(t)), portOf(t, l.Addr().String()))
		c := acmeConfig(a)
		log := watchLog(fetched)
		c.Logger = logger(log)
		s := open(t, c)
		v := serveOn(t, s, l)
		await(t, log, "have a")
		cert, err := presented(v.addr, acmeHost, a.roots)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := presented(v.addr, "pemberley.example.com", a.roots); err == nil {
			t.Error("there is a certificate for another host")
		}
		if raw, err := tls.Dial("tcp", v.addr, &tls.Config{InsecureSkipVerify: true}); err != nil { // an address names no host
			t.Errorf("without a host: %v", err)
		} else if raw.Close(); !raw.ConnectionState().PeerCertificates[0].Equal(cert) {
			t.Error("without a host there is another certificate")
		}
		if end := sample(t, server.Metrics(s), "contactsd_certificate_expiry_timestamp_seconds"); end != float64(cert.NotAfter.Unix()) {
			t.Errorf("the metric says that it ends at %g, want %d", end, cert.NotAfter.Unix())
		}
		err = filepath.WalkDir(filepath.Join(c.Data, "acme"), func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %o, want nothing for others", name, info.Mode().Perm())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := v.end(); err != nil {
			t.Error(err)
		}
		s.Close()

		a.stop() // whoever asks it now gets no answer
		again := serve(t, open(t, c))
		if kept, err := presented(again.addr, acmeHost, a.roots); err != nil || !kept.Equal(cert) {
			t.Errorf("after a restart the certificate is %v, %v; want the same", kept, err)
		}
	})

	t.Run("OPS-63 a certificate by the challenge http-01", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a := startAuthority(t, bin, portOf(t, l.Addr().String()), portOf(t, freeAddress(t))) // nobody listens where it asks for TLS
		c := acmeConfig(a)
		c.TLSListen = "127.0.0.1:0"
		log := watchLog(fetched)
		c.Logger = logger(log)
		v := serveOn(t, open(t, c), l)
		await(t, log, "have a")
		if _, err := presented(listening(t, log, "https"), acmeHost, a.roots); err != nil {
			t.Error(err)
		}
		if got := do(t, "GET", v.url+"/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("GET over http beside it = %d", got.status)
		}
	})

	t.Run("OPS-63 an authority that does not answer is logged, and stops no server", func(t *testing.T) {
		log := watchLog(fetched)
		a := &authority{directory: "https://" + freeAddress(t) + "/dir"}
		c := acmeConfig(a)
		c.Logger = logger(log)
		v := serve(t, open(t, c))
		if _, err := presented(v.addr, acmeHost, nil); err == nil {
			t.Error("there is a certificate")
		}
		await(t, log, "no")
		if err := v.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestACMESettings(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(*server.Config)
		want string
	}{
		"an address":              {func(c *server.Config) { c.ACMEDomains = []string{"192.0.2.1"} }, "acme_domains: "},
		"a wildcard":              {func(c *server.Config) { c.ACMEDomains = []string{"*.example.com"} }, "acme_domains: "},
		"with a certificate":      {func(c *server.Config) { c.ACMEDomains, c.TLSCert, c.TLSKey = []string{acmeHost}, "x", "y" }, "acme_domains: "},
		"e-mail alone":            {func(c *server.Config) { c.ACMEEmail = "jane@example.com" }, "acme_email: "},
		"directory alone":         {func(c *server.Config) { c.ACMEDirectory = "https://ca.example.com/dir" }, "acme_directory: "},
		"authorities alone":       {func(c *server.Config) { c.ACMECA = "ca.pem" }, "acme_ca: "},
		"a directory without TLS": {func(c *server.Config) { c.ACMEDomains, c.ACMEDirectory = []string{acmeHost}, "http://ca.example.com" }, "acme_directory: "},
	} {
		t.Run("OPS-63 "+name, func(t *testing.T) {
			c := config(t)
			tt.set(&c)
			if _, err := server.Open(t.Context(), c); contacts.KindOf(err) != contacts.Invalid || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Open() = %v, want kind Invalid and %s", err, tt.want)
			}
		})
	}
	t.Run("OPS-63 a file without authorities stops the start", func(t *testing.T) {
		c := config(t)
		c.ACMEDomains, c.ACMECA = []string{acmeHost}, filepath.Join(t.TempDir(), "none.pem")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := open(t, c).Serve(t.Context(), l, func() {}); contacts.KindOf(err) != contacts.Invalid || !strings.HasPrefix(err.Error(), "acme_ca: ") {
			t.Errorf("Serve() = %v, want kind Invalid and acme_ca", err)
		}
	})
}
