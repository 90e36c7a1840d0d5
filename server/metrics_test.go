package server_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"contacts/reply/replytest"
	"contacts/server"
)

// sample is the value of one series, or -1 if there is none.
func sample(t testing.TB, text, series string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return -1
}

func TestMetrics(t *testing.T) {
	c := config(t)
	c.Version = "1.2.3"
	c.RequestRate, c.RequestBurst = 0.001, 20
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", true)
	v := serve(t, s)
	scrape := func() string {
		t.Helper()
		got := do(t, "GET", v.url+"/metrics", "", "")
		if got.status != http.StatusOK {
			t.Fatalf("GET /metrics = %d %s", got.status, got.body)
		}
		return got.body
	}
	token := login(t, v.url, "elizabeth@example.com", password)
	if _, err := http.PostForm(v.url+"/accounts/ClientLogin", url.Values{"Email": {"elizabeth@example.com"}, "Passwd": {"Wickham"}, "service": {"cp"}}); err != nil {
		t.Fatal(err)
	}
	body := entry("Georgiana Darcy")
	made := do(t, "POST", v.url+feedPath, token, body)
	if made.status != http.StatusCreated {
		t.Fatalf("POST = %d %s", made.status, made.body)
	}
	edit := hrefPath(t, made.header.Get("Location"))
	do(t, "GET", v.url+feedPath, token, "")
	do(t, "GET", v.url+edit, token, "")
	do(t, "GET", v.url+"/m8/feeds/contacts/example.com/full", token, "")
	do(t, "GET", v.url+"/m8/feeds/groups/default/full", token, "")
	do(t, "POST", v.url+feedPath+"/batch", token, "<broken")
	do(t, "GET", v.url+"/m8/feeds/photos/media/default/1", token, "")
	do(t, "GET", v.url+feedPath, "Stray-Token", "")
	do(t, "BREW", v.url+"/Pemberley/secret-path?token=secret", "", "")
	do(t, "GET", v.url+"/", "", "")
	do(t, "GET", v.url+"/healthz", "", "")
	text := scrape()
	for sample(t, text, "contactsd_http_requests_in_flight") != 1 { // an answer may arrive before its request is counted
		text = scrape()
	}

	t.Run("OPS-51 requests are counted by template, method and status", func(t *testing.T) {
		const contacts = "/m8/feeds/contacts/{owner}/{projection}"
		for series, want := range map[string]float64{
			`contactsd_http_requests_total{route="` + contacts + `",method="GET",status="2xx"}`:                      2,
			`contactsd_http_requests_total{route="` + contacts + `",method="GET",status="4xx"}`:                      1,
			`contactsd_http_requests_total{route="` + contacts + `",method="POST",status="2xx"}`:                     1,
			`contactsd_http_requests_total{route="` + contacts + `/{id}",method="GET",status="2xx"}`:                 1,
			`contactsd_http_requests_total{route="` + contacts + `/batch",method="POST",status="4xx"}`:               1,
			`contactsd_http_requests_total{route="/m8/feeds/groups/{owner}/{projection}",method="GET",status="2xx"}`: 1,
			`contactsd_http_requests_total{route="/m8/feeds/photos/media/{owner}/{id}",method="GET",status="4xx"}`:   1,
			`contactsd_http_requests_total{route="/accounts/ClientLogin",method="POST",status="2xx"}`:                1,
			`contactsd_http_requests_total{route="/accounts/ClientLogin",method="POST",status="4xx"}`:                1,
			`contactsd_http_requests_total{route="/",method="GET",status="2xx"}`:                                     1,
			`contactsd_http_requests_total{route="/healthz",method="GET",status="2xx"}`:                              1,
			`contactsd_http_requests_total{route="other",method="other",status="4xx"}`:                               1,
			`contactsd_http_request_duration_seconds_count{route="` + contacts + `"}`:                                4,
			`contactsd_http_received_bytes_total{route="` + contacts + `"}`:                                          float64(len(body)),
			`contactsd_http_requests_in_flight`:                                                                      1,
			`contactsd_build_info{version="1.2.3",goversion="` + runtime.Version() + `"}`:                            1,
			`contactsd_signins_total{by="ClientLogin",outcome="accepted"}`:                                           1,
			`contactsd_signins_total{by="ClientLogin",outcome="refused"}`:                                            1,
			`contactsd_tokens_issued_total{kind="ClientLogin"}`:                                                      1,
			`contactsd_credentials_total{scheme="GoogleLogin",outcome="accepted"}`:                                   7,
			`contactsd_credentials_total{scheme="GoogleLogin",outcome="refused"}`:                                    1,
			`contactsd_store_commit_failures_total`:                                                                  0,
		} {
			if got := sample(t, text, series); got != want {
				t.Errorf("%s = %g, want %g", series, got, want)
			}
		}
		if got := sample(t, text, `contactsd_http_sent_bytes_total{route="`+contacts+`"}`); got < 100 { // the feeds were packed
			t.Errorf("%g bytes were sent, want those of the feeds", got)
		}
		for _, series := range []string{"contactsd_store_commit_updates_count", "contactsd_store_commit_duration_seconds_count", "contactsd_store_size_bytes",
			"contactsd_store_readers_limit", "contactsd_disk_free_bytes", "contactsd_connections", "go_goroutines", "process_open_fds"} {
			if got := sample(t, text, series); got < 1 {
				t.Errorf("%s = %g, want at least 1", series, got)
			}
		}
	})

	t.Run("OPS-52 no secret, address or person is in a metric", func(t *testing.T) {
		for _, private := range []string{"elizabeth", "example.com", "Georgiana", "Darcy", "secret", "Pemberley", "BREW", "127.0.0.1", token, "Stray"} {
			if strings.Contains(text, private) {
				t.Errorf("the metrics have %q", private)
			}
		}
	})

	t.Run("OPS-51 limits show", func(t *testing.T) {
		for range 21 {
			do(t, "GET", v.url+feedPath, token, "")
		}
		if got := sample(t, scrape(), `contactsd_credentials_total{scheme="GoogleLogin",outcome="limited"}`); got < 1 {
			t.Errorf("%g requests were limited, want some", got)
		}
	})

	t.Run("OPS-50 Prometheus' own tool accepts the metrics", func(t *testing.T) {
		cmd := exec.Command(tool(t, "promtool"), "check", "metrics")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
	})

	t.Run("OPS-52 what clients invent makes no new series", func(t *testing.T) {
		before := regexp.MustCompile(`(?m)^contactsd_http`).FindAllString(scrape(), -1)
		for i := range 50 {
			do(t, "GET", fmt.Sprintf("%s/invented/%d", v.url, i), "", "")
		}
		after := regexp.MustCompile(`(?m)^contactsd_http`).FindAllString(scrape(), -1)
		if extra := len(after) - len(before); extra > 40 { // the first GET of route other, and /metrics
			t.Errorf("50 paths made %d new series", extra)
		}
	})
}

func TestWhoMayReadMetrics(t *testing.T) {
	c := config(t)
	c.TrustedProxies = []string{"127.0.0.1"}
	_, url := start(t, c)
	from := func(addr string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", addr)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for addr, want := range map[string]int{"127.0.0.1": 200, "10.1.2.3": 200, "192.168.1.5": 200, "fd00::1": 200, "fe80::1": 200, "203.0.113.9": 404, "2001:db8::1": 404} {
		t.Run("OPS-53 from "+addr, func(t *testing.T) {
			if got := from(addr); got != want {
				t.Errorf("GET /metrics = %d, want %d", got, want)
			}
		})
	}
}

func TestAdminListen(t *testing.T) {
	t.Run("OPS-54 metrics move to the listener of their own", func(t *testing.T) {
		var log logBuffer
		c := config(t)
		c.AdminListen, c.Logger = "127.0.0.1:0", logger(&log)
		v := serve(t, open(t, c))
		admin := "http://" + listening(t, &log, "admin")
		for url, want := range map[string]int{
			v.url + "/metrics": 404,
			v.url + "/healthz": 200,
			v.url + "/readyz":  200,
			admin + "/metrics": 200,
			admin + "/healthz": 200,
			admin + "/readyz":  200,
			admin + feedPath:   404,
			admin + "/":        404,
		} {
			if got := do(t, "GET", url, "", ""); got.status != want {
				t.Errorf("GET %s = %d, want %d", url, got.status, want)
			}
		}
	})
}

// BenchmarkWatching compares requests that are counted, timed and logged into a
// file with requests of which nothing is noted, one after the other over one
// connection each. Unwatched/watched is the ratio of their times, which is that
// of the requests a second; it is to stay above 0.97.
func BenchmarkWatching(b *testing.B) {
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	c := config(b)
	c.Logger = server.NewLog(log).Text(slog.LevelInfo)
	s := open(b, c)
	addUser(b, s, "elizabeth@example.com", false)
	servers := [2]*replytest.Server{replytest.NewServer(s.Handler()), replytest.NewServer(server.Unwatched(s))}
	for _, web := range servers {
		defer web.Close()
	}
	token := login(b, servers[0].URL, "elizabeth@example.com", password)
	var last answer
	for i := range 25 {
		last = do(b, "POST", servers[0].URL+feedPath, token, entry(fmt.Sprintf("Gardiner child %d", i)))
	}
	one, err := url.Parse(last.header.Get("Location"))
	if err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{"feed of 25": feedPath, "entry": one.Path} {
		b.Run(name, func(b *testing.B) {
			var spent [2]time.Duration
			for n := 0; b.Loop(); n++ {
				for i := range servers {
					i = (i + n) % 2
					start := time.Now()
					if a := do(b, "GET", servers[i].URL+path, token, ""); a.status != http.StatusOK {
						b.Fatal(a.status)
					}
					spent[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "ns-watched")
			b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "ns-unwatched")
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "unwatched/watched")
		})
	}
}

// tool finds a program that tests need.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}
