package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

// files gives the files of a folder with their modes and contents.
func files(t testing.TB, dir string) (modes map[string]os.FileMode, contents map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	modes, contents = map[string]os.FileMode{}, map[string]string{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		modes[e.Name()], contents[e.Name()] = info.Mode(), string(text)
	}
	return modes, contents
}

// startStandIn runs a stand-in on c and ends it.
func startStandIn(t testing.TB, c server.Config) *server.StandIn {
	t.Helper()
	s := open(t, c)
	v := serve(t, s)
	if err := v.end(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	return s.StandIn()
}

func TestAuthority(t *testing.T) {
	c := standInConfig(t)
	c.StandInHosts = []string{"contacts.example.net"}
	dir := filepath.Join(c.Data, "stand-in")
	killed := filepath.Join(c.Data, ".stand-in-123") // as a server leaves it that is killed while it writes
	if err := os.Mkdir(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	st := startStandIn(t, c)
	modes, made := files(t, dir)
	root := readCertificates(t, st.Authority)[0]
	signer, key := readSigner(t, dir)

	t.Run("STAND-2 it is made once, its key readable by the owner alone", func(t *testing.T) {
		if want := map[string]os.FileMode{"authority.pem": 0o644, "signer.pem": 0o600}; !maps.Equal(modes, want) {
			t.Errorf("files %v, want %v", modes, want)
		}
		if !filepath.IsAbs(st.Authority) || filepath.Base(st.Authority) != "authority.pem" {
			t.Errorf("the file for clients is %s", st.Authority)
		}
		c := c
		c.StandInHosts = nil // fewer hosts need no other authority
		startStandIn(t, c)
		if _, again := files(t, dir); !maps.Equal(made, again) {
			t.Error("the second start has changed the files")
		}
	})

	// leaf is what somebody could sign who has stolen the folder.
	leaf := func(name string, parent *x509.Certificate, parentKey any) *x509.Certificate {
		return issue(t, &x509.Certificate{DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature}, parent, parentKey)
	}
	verify := func(leaf *x509.Certificate, trusted *x509.Certificate, between ...*x509.Certificate) error {
		roots, inter := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(trusted)
		for _, b := range between {
			inter.AddCert(b)
		}
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	t.Run("STAND-3 it can name the hosts and this machine, and nothing else", func(t *testing.T) {
		for _, c := range []*x509.Certificate{root, signer} {
			if !c.PermittedDNSDomainsCritical {
				t.Errorf("the constraints of %s are not critical", c.Subject)
			}
		}
		for name, want := range map[string]bool{
			"www.google.com": true, "contacts.example.net": true, "localhost": true, "below.www.google.com": true,
			"google.com": false, "mail.google.com": false, "example.net": false, "com": false, "example.org": false, "evilwww.google.com": false,
		} {
			if err := verify(leaf(name, signer, key), root, signer); (err == nil) != want {
				t.Errorf("%s: %v, want accepted: %v", name, err, want)
			}
		}
		for ip, want := range map[string]bool{"127.0.0.1": true, "::1": true, "127.0.0.2": false, "192.0.2.1": false, "2001:db8::1": false} {
			l := issue(t, &x509.Certificate{IPAddresses: []net.IP{net.ParseIP(ip)}, KeyUsage: x509.KeyUsageDigitalSignature}, signer, key)
			if err := verify(l, root, signer); (err == nil) != want {
				t.Errorf("%s: %v, want accepted: %v", ip, err, want)
			}
		}
		if want := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}; !slices.Equal(signer.ExtKeyUsage, want) {
			t.Errorf("it signs for usages %v, want %v", signer.ExtKeyUsage, want)
		}
	})

	t.Run("STAND-4 what signs is limited itself, and the key of the authority is gone", func(t *testing.T) {
		if err := verify(leaf("www.google.com", signer, key), signer); err != nil {
			t.Errorf("a host, by the signer alone: %v", err)
		}
		if err := verify(leaf("example.org", signer, key), signer); err == nil {
			t.Error("the signer alone, trusted, may name example.org")
		}
		below := issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			Subject: pkix.Name{CommonName: "Below"}}, signer, key)
		if err := verify(leaf("www.google.com", below, issued), root, signer, below); err == nil {
			t.Error("an authority below the signer is accepted")
		}
		if key.PublicKey.Equal(root.PublicKey) {
			t.Error("the key that is kept is that of the authority")
		}
		for name, text := range made {
			if want := map[string]int{"authority.pem": 0, "signer.pem": 1}[name]; strings.Count(text, "PRIVATE KEY-----") != 2*want {
				t.Errorf("%s has other keys than it should", name)
			}
		}
	})

	t.Run("STAND-6 a further host needs another authority", func(t *testing.T) {
		d := c
		d.StandInHosts = []string{"contacts.example.net", "contacts.example.org"}
		err := serveError(t, d)
		if contacts.KindOf(err) != contacts.Invalid {
			t.Errorf("Serve() = %v, want kind Invalid", err)
		}
		for _, want := range []string{"stand_in_host", "must not name contacts.example.org", dir, "remove the folder"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Serve() = %v, want %q", err, want)
			}
		}
		if _, now := files(t, dir); !maps.Equal(made, now) {
			t.Error("the files have changed")
		}
		d.StandInHosts = []string{"below.contacts.example.net"}
		if err := serveError(t, d); err != nil {
			t.Errorf("a host below one: %v", err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		d.StandInHosts = []string{"contacts.example.org"}
		if err := serveError(t, d); err != nil {
			t.Errorf("after the folder was removed: %v", err)
		}
		if readCertificates(t, st.Authority)[0].Equal(root) {
			t.Error("the authority is the old one")
		}
	})
}

func TestAuthorityOfMany(t *testing.T) {
	t.Run("STAND-2 OPS-90 of servers that start at once one serves, with a whole authority", func(t *testing.T) {
		c := standInConfig(t)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		serving, refused := make(chan *server.Server), make(chan error)
		const many = 4
		for range many {
			s := open(t, c)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { refused <- s.Serve(ctx, l, func() { serving <- s }) }()
		}
		var first *server.Server
		for n := 0; n < many; n++ {
			select {
			case s := <-serving:
				if first != nil {
					t.Fatal("two servers run on one data directory")
				}
				first = s
			case err := <-refused:
				if contacts.KindOf(err) != contacts.Unavailable || !strings.Contains(err.Error(), "another server") {
					t.Errorf("Serve() = %v, want kind unavailable", err)
				}
			}
		}
		if first == nil {
			t.Fatal("no server runs")
		}
		st := first.StandIn()
		chain := handshake(t, st.TLS.String(), "www.google.com")
		inter := x509.NewCertPool()
		inter.AddCert(chain[1])
		if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: "www.google.com", Roots: trusting(t, st), Intermediates: inter}); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-refused; err != nil {
			t.Errorf("Serve() = %v", err)
		}
		left, err := filepath.Glob(filepath.Join(c.Data, ".stand-in-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	})
}

func TestBadAuthority(t *testing.T) {
	other := filepath.Join(filepath.Dir(startStandIn(t, standInConfig(t)).Authority))
	read := func(t *testing.T, name ...string) []byte {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(name...))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, dir string) (file string, text []byte) // nil removes the file
		want  string
	}{
		{"without certificate", func(t *testing.T, dir string) (string, []byte) { return "authority.pem", nil }, "authority.pem: no such file"},
		{"without signer", func(t *testing.T, dir string) (string, []byte) { return "signer.pem", nil }, "signer.pem: no such file"},
		{"an empty certificate", func(t *testing.T, dir string) (string, []byte) { return "authority.pem", []byte{} }, "authority.pem is damaged"},
		{"half a signer", func(t *testing.T, dir string) (string, []byte) {
			text := read(t, dir, "signer.pem")
			return "signer.pem", text[:len(text)/2]
		}, "signer.pem is damaged"},
		{"a signer without key", func(t *testing.T, dir string) (string, []byte) {
			text := string(read(t, dir, "signer.pem"))
			cert, _, _ := strings.Cut(text, "-----BEGIN PRIVATE KEY")
			return "signer.pem", []byte(cert)
		}, "signer.pem is damaged: it has no PRIVATE KEY"},
		{"bytes of another kind", func(t *testing.T, dir string) (string, []byte) {
			return "authority.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("Elizabeth")})
		}, "authority.pem is damaged"},
		{"a key that is none", func(t *testing.T, dir string) (string, []byte) {
			b, _ := pem.Decode(read(t, dir, "signer.pem"))
			return "signer.pem", append(pem.EncodeToMemory(b), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("Elizabeth")})...)
		}, "signer.pem is damaged: its key cannot be read"},
		{"the key of another", func(t *testing.T, dir string) (string, []byte) {
			b, _ := pem.Decode(read(t, dir, "signer.pem"))
			_, rest := pem.Decode(read(t, other, "signer.pem"))
			return "signer.pem", append(pem.EncodeToMemory(b), rest...)
		}, "signer.pem is damaged: its key is not that of its certificate"},
		{"the signer of another", func(t *testing.T, dir string) (string, []byte) {
			return "signer.pem", read(t, other, "signer.pem")
		}, "signer.pem is damaged: authority.pem has not signed it"},
	} {
		t.Run("STAND-7 "+tt.name, func(t *testing.T) {
			c := standInConfig(t)
			dir := filepath.Dir(startStandIn(t, c).Authority)
			name, text := tt.spoil(t, dir)
			file := filepath.Join(dir, name)
			var err error
			if text == nil {
				err = os.Remove(file)
			} else {
				err = os.WriteFile(file, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, before := files(t, dir)
			err = serveError(t, c)
			for _, want := range []string{tt.want, "remove the folder " + dir} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Serve() = %v, want %q", err, want)
				}
			}
			if _, after := files(t, dir); !maps.Equal(before, after) {
				t.Error("the files have changed")
			}
		})
	}

	t.Run("STAND-2 STAND-7 a key that others may read", func(t *testing.T) {
		c := standInConfig(t)
		file := filepath.Join(filepath.Dir(startStandIn(t, c).Authority), "signer.pem")
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := serveError(t, c); err == nil || !strings.Contains(err.Error(), file+" has the mode 0640") {
			t.Errorf("Serve() = %v", err)
		}
	})

	t.Run("STAND-7 a folder that is none", func(t *testing.T) {
		c := standInConfig(t)
		if err := os.WriteFile(filepath.Join(c.Data, "stand-in"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := serveError(t, c); err == nil || !strings.Contains(err.Error(), filepath.Join(c.Data, "stand-in", "authority.pem")+": not a directory") {
			t.Errorf("Serve() = %v", err)
		}
	})

	t.Run("STAND-7 past its time, or before", func(t *testing.T) {
		now := &clock{now: time.Now()}
		c := standInConfig(t)
		c.Now = now.Now
		var log logBuffer
		c.Logger = logger(&log)
		startStandIn(t, c)
		if strings.Contains(log.String(), "ends soon") {
			t.Error("a new authority is said to end soon")
		}
		now.pass(3620 * 24 * time.Hour) // of 3650 days
		startStandIn(t, c)
		if !strings.Contains(log.String(), "ends soon") {
			t.Error("the log does not say that the authority ends soon")
		}
		for _, d := range []time.Duration{31 * 24 * time.Hour, -3700 * 24 * time.Hour} {
			now.pass(d)
			if err := serveError(t, c); err == nil || !strings.Contains(err.Error(), "holds from") || !strings.Contains(err.Error(), "remove the folder") {
				t.Errorf("Serve() = %v", err)
			}
		}
	})
}

// readSigner reads what signs.
func readSigner(t testing.TB, dir string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	file := filepath.Join(dir, "signer.pem")
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
}

// issued is the key of every certificate of issue.
var issued = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

// issue makes a certificate of today.
func issue(t testing.TB, template, parent *x509.Certificate, parentKey any) *x509.Certificate {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &issued.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
