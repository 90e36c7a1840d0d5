package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// snippet is the first block of a language in docs/operating.md that has the
// text.
func snippet(t *testing.T, language, text string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	var block strings.Builder
	inside, indent := false, ""
	for line := range strings.Lines(string(page)) {
		trimmed := strings.TrimSpace(line)
		switch {
		case !inside && trimmed == "```"+language:
			inside, indent = true, line[:strings.Index(line, "`")]
			block.Reset()
		case inside && trimmed == "```":
			inside = false
			if strings.Contains(block.String(), text) {
				return block.String()
			}
		case inside:
			block.WriteString(strings.TrimPrefix(line, indent))
		}
	}
	t.Fatalf("docs/operating.md has no %s with %s", language, text)
	return ""
}

// replace replaces what must be there.
func replace(t *testing.T, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("there is no %q in\n%s", old, s)
	}
	return strings.ReplaceAll(s, old, new)
}

// freeAddress is a loopback address of our own, and a port of it. What else
// runs may take any port of 127.0.0.1 before it is opened, but hardly this one.
func freeAddress(t *testing.T) (host, port string) {
	t.Helper()
	host = netip.AddrFrom4([4]byte{127, byte(64 + mathrand.IntN(128)), byte(mathrand.IntN(256)), byte(1 + mathrand.IntN(254))}).String()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

const publicName = "contacts.example.com"

// certificate writes a certificate for the public name and its key into dir,
// and gives who trusts it.
func certificate(t *testing.T, dir string) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: publicName},
		DNSNames:     []string{publicName},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, cert, string(certPEM))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(certPEM)
	return cert, key, trust
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startUntil starts a program and waits for a line of its output (stderr and
// stdout) that has the text, which it returns. The program ends with the test,
// or by the returned function, which gives all that it has said.
func startUntil(t *testing.T, cmd *exec.Cmd, text string) (line string, stop func() string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var said bytes.Buffer
	var done chan struct{}
	stopped := false
	stop = func() string {
		if !stopped {
			stopped = true
			cmd.Process.Signal(syscall.SIGTERM)
			if done != nil {
				<-done
			}
			cmd.Wait()
			r.Close()
		}
		return said.String()
	}
	t.Cleanup(func() { stop() })
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			t.Fatalf("%s ended:\n%s", cmd.Path, said.Bytes())
		}
		if strings.Contains(line, text) {
			done = make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(&said, lines)
			}()
			return line, stop
		}
	}
}

func TestProxies(t *testing.T) {
	t.Run("OPS-125 behind nginx as documented", func(t *testing.T) {
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
		needs(t, "nginx")
		behindProxy(t, func(dir, cert, key, host, port, upstream string) (*exec.Cmd, string) {
			s := snippet(t, "nginx", "proxy_pass")
			s = replace(t, s, "listen 443 ssl", "listen "+host+":"+port+" ssl")
			other, otherPort := freeAddress(t)
			s = replace(t, s, "listen [::]:443 ssl", "listen "+other+":"+otherPort+" ssl")
			s = replace(t, s, "/etc/ssl/contacts.pem", cert)
			s = replace(t, s, "/etc/ssl/private/contacts.key", key)
			s = replace(t, s, "127.0.0.1:8080", upstream)
			user := ""
			if os.Getuid() == 0 {
				user = "user root;\n"
			}
			temp := ""
			for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				temp += kind + "_temp_path " + dir + "/" + kind + ";\n"
			}
			conf := filepath.Join(dir, "nginx.conf")
			write(t, conf, user+"daemon off;\npid "+dir+"/nginx.pid;\nerror_log stderr notice;\nevents {}\nhttp {\naccess_log off;\n"+temp+s+"}\n")
			return exec.Command("nginx", "-p", dir, "-e", "stderr", "-c", conf), "start worker process "
		})
	})
	t.Run("OPS-125 behind Caddy as documented", func(t *testing.T) {
		needs(t, "caddy")
		behindProxy(t, func(dir, cert, key, host, port, upstream string) (*exec.Cmd, string) {
			s := snippet(t, "caddy", "reverse_proxy")
			s = replace(t, s, publicName+" {", "https://"+publicName+":"+port+" {\n\tbind "+host+"\n\ttls "+cert+" "+key)
			s = replace(t, s, "127.0.0.1:8080", upstream)
			conf := filepath.Join(dir, "Caddyfile")
			write(t, conf, "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"+s)
			cmd := exec.Command("caddy", "run", "--config", conf, "--adapter", "caddyfile")
			cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
			return cmd, "serving initial configuration"
		})
	})
}

// behindProxy runs a server with the documented settings, and the proxy that
// makes the command for, and looks at the server through it. The command is up
// when a line of its output has the text that comes with it.
func behindProxy(t *testing.T, proxy func(dir, cert, key, host, port, upstream string) (*exec.Cmd, string)) {
	dir := t.TempDir()
	t.Chdir("..")
	if _, err := (source{version: "dev", commit: "unknown"}).build(dir, thisMachine, ""); err != nil {
		t.Fatal(err)
	}
	t.Chdir("packaging")
	cert, key, trust := certificate(t, dir)
	host, port := freeAddress(t)
	public := "https://" + publicName + ":" + port

	conf := filepath.Join(dir, "contactsd.toml")
	write(t, conf, replace(t, snippet(t, "toml", "trusted_proxies"), "https://"+publicName, public)+"listen = \"127.0.0.1:0\"\n")
	contactsd := func(args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(dir, "contactsd"), append(args, "--config", conf, "--data", filepath.Join(dir, "data"))...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		return cmd
	}
	const password = "Longbourn"
	for _, args := range [][]string{{"domain", "add", "example.com"}, {"user", "add", "elizabeth@example.com", "--password-stdin"}} {
		cmd := contactsd(args...)
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	line, stop := startUntil(t, contactsd("serve"), "listening on ")
	cmd, up := proxy(dir, cert, key, host, port, strings.TrimPrefix(strings.TrimSpace(line), "listening on http://"))
	startUntil(t, cmd, up)

	// The client has an address of its own, so that the log can tell it from
	// the proxy.
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trust},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
		},
	}
	defer transport.CloseIdleConnections()
	c := signIn(t, &http.Client{Transport: transport}, public, "elizabeth@example.com", password)
	c.insert(t, "Jane Bennet")

	feed := c.feed(t)
	links := strings.Count(feed, "href='")
	if !strings.Contains(feed, "Jane Bennet") || links == 0 || strings.Count(feed, "href='"+public+"/") != links {
		t.Errorf("the feed is\n%s", feed)
	}
	if res, text := c.do(t, http.MethodGet, "/m8/feeds/contacts/elizabeth%40example.com/full", ""); res.StatusCode != http.StatusOK {
		t.Errorf("a path with %%40: %s %s", res.Status, text)
	}
	if res, _ := c.do(t, http.MethodGet, "/m8/feeds/contacts/elizabeth%2540example.com/full", ""); res.StatusCode == http.StatusOK {
		t.Errorf("a path with %%2540 is decoded twice")
	}
	if res, text := c.do(t, http.MethodPost, "/m8/feeds/contacts/default/full", "<entry>"+strings.Repeat(" ", 5<<20)); res.StatusCode != http.StatusBadRequest {
		t.Errorf("5 MiB that are no entry: %s %s", res.Status, text)
	}

	req, err := http.NewRequest(http.MethodGet, public+"/account", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Forwarded":         "for=192.0.2.66;proto=http;host=wickham.example.net",
		"X-Forwarded-For":   "192.0.2.66",
		"X-Forwarded-Host":  "wickham.example.net",
		"X-Forwarded-Proto": "http",
	} {
		req.Header.Set(name, value)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if cookies := res.Cookies(); len(cookies) == 0 || !cookies[0].Secure || strings.Contains(string(page), "wickham") {
		t.Errorf("the page for people: %s %v\n%s", res.Status, res.Header, page)
	}

	log := stop()
	if !strings.Contains(log, "remote=127.0.0.9") || strings.Contains(log, "remote=127.0.0.1 ") || strings.Contains(log, "192.0.2.66") {
		t.Errorf("the log is\n%s", log)
	}
	if want := "path=/m8/feeds/contacts/elizabeth%40example.com/full"; !strings.Contains(log, want) {
		t.Errorf("the log does not have %s:\n%s", want, log)
	}
}
