package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contacts"
	"contacts/reply/replytest"
	"contacts/server"
	"contacts/store/storetest"
	"contacts/transfer"
)

// benchSizes are the numbers of contacts.
var benchSizes = []int{10_000, 100_000}

// crowded is a server whose domain has n shared contacts, and how long it took
// to insert them, 100 in one commit.
func crowded(b *testing.B, n int) (s *server.Server, c server.Config, took time.Duration) {
	b.Helper()
	c = config(b)
	s = open(b, c)
	addUser(b, s, "mary@example.com", true)
	h := book(b, s, "example.com")
	for i := 0; i < n; {
		var ops []transfer.Op
		for range 100 {
			ops = append(ops, transfer.Op{Kind: transfer.Insert, Contact: storetest.Person(i, 0)})
			i++
		}
		began := time.Now()
		results, err := h.Apply(b.Context(), ops)
		took += time.Since(began)
		if err != nil || results[0].Err != nil {
			b.Fatal(err, results[0].Err)
		}
	}
	return s, c, took
}

// BenchmarkBackupUnderLoad compares how many requests a server answers, nine
// reads to one insert, by eight clients, with and without a backup. kept is
// the second as a part of the first, which must be more than 0.8.
func BenchmarkBackupUnderLoad(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _, _ := crowded(b, n)
			web := replytest.NewServer(s.Handler())
			defer web.Close()
			token := login(b, web.URL, "mary@example.com", password)
			var answered, failed atomic.Int64
			var clients sync.WaitGroup
			stop := make(chan struct{})
			for range 8 {
				clients.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
						}
						method, path, body := http.MethodGet, "/m8/feeds/contacts/example.com/full?max-results=10", ""
						if i%10 == 0 {
							method, path, body = http.MethodPost, feedPath, entry("Guest of Netherfield")
						}
						req, err := http.NewRequest(method, web.URL+path, strings.NewReader(body))
						if err != nil {
							failed.Add(1)
							return
						}
						req.Header.Set("Authorization", "GoogleLogin auth="+token)
						req.Header.Set("GData-Version", "3.0")
						req.Header.Set("Content-Type", "application/atom+xml")
						res, err := http.DefaultClient.Do(req)
						if err != nil {
							failed.Add(1)
							return
						}
						res.Body.Close()
						if res.StatusCode >= 400 {
							failed.Add(1)
						}
						answered.Add(1)
					}
				})
			}
			rate := func(do func()) float64 {
				began, before := time.Now(), answered.Load()
				do()
				return float64(answered.Load()-before) / time.Since(began).Seconds()
			}
			dir := b.TempDir()
			var with, without float64
			rounds := 0
			for b.Loop() {
				var took time.Duration
				with += rate(func() {
					began := time.Now()
					if _, err := s.BackupFile(b.Context(), filepath.Join(dir, fmt.Sprint(rounds)), false); err != nil {
						b.Error(err)
					}
					took = time.Since(began)
				})
				without += rate(func() { <-time.After(took) })
				rounds++
			}
			close(stop)
			clients.Wait()
			if failed.Load() > 0 {
				b.Errorf("%d requests failed", failed.Load())
			}
			b.ReportMetric(without/float64(rounds), "requests/s")
			b.ReportMetric(with/without, "kept")
		})
	}
}

// BenchmarkRestore compares a restore, with all its verification, with the
// insertion of as many contacts.
func BenchmarkRestore(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _, inserted := crowded(b, n)
			file := filepath.Join(b.TempDir(), "contacts.tar.zst")
			if _, err := s.BackupFile(b.Context(), file, false); err != nil {
				b.Fatal(err)
			}
			var took time.Duration
			rounds := 0
			for b.Loop() {
				c := config(b)
				began := time.Now()
				if _, err := restore(b, c, file); err != nil {
					b.Fatal(err)
				}
				took += time.Since(began)
				rounds++
				if err := os.RemoveAll(c.Data); err != nil {
					b.Fatal(err)
				}
			}
			perSecond := float64(n*rounds) / took.Seconds()
			b.ReportMetric(perSecond, "contacts/s")
			b.ReportMetric(perSecond/(float64(n)/inserted.Seconds()), "x-insert")
		})
	}
}

// BenchmarkRestoreBook restores a book in which every contact has changed,
// which is the most that other writers wait for.
func BenchmarkRestoreBook(b *testing.B) {
	const n = 10_000
	s, _, _ := crowded(b, n)
	file := filepath.Join(b.TempDir(), "contacts.tar.zst")
	if _, err := s.BackupFile(b.Context(), file, false); err != nil {
		b.Fatal(err)
	}
	h := book(b, s, "example.com")
	for b.Loop() {
		b.StopTimer()
		var ops []transfer.Op
		for it, err := range h.Contacts(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			copied := *it
			c := it.Contact.Clone()
			c.Phones = append(c.Phones, contacts.Phone{Rel: contacts.RelHome, Number: "1813"})
			ops = append(ops, transfer.Op{Kind: transfer.Update, Item: &copied, Contact: c})
		}
		if _, err := h.Apply(b.Context(), ops); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		f, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		done, err := s.RestoreBook(b.Context(), f, "example.com", false)
		f.Close()
		if err != nil || done.Changed != n {
			b.Fatalf("%+v, %v", done, err)
		}
	}
}
