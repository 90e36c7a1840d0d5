package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// serve answers GET /1k and /10m with that many bytes, and reads and discards
// what is PUT to /sink. It prints where it listens.
func serve(addr string) error {
	small, large := text(1<<10), text(10<<20)
	answer := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.Write(body)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/1k", answer(small))
	mux.HandleFunc("/10m", answer(large))
	mux.HandleFunc("/sink", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", l.Addr())
	return http.Serve(l, mux)
}

// files measures three ways to write 1 KB durably.
func (l limits) files(dir string) error {
	dir, err := os.MkdirTemp(dir, "rawlimit")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer f.Close()

	row := text(1 << 10)
	err = l.measure("append 1 KB + fdatasync", func(until time.Time) (n int, err error) {
		for ; time.Now().Before(until); n++ {
			if _, err := f.Write(row); err != nil {
				return n, err
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				return n, err
			}
		}
		return n, nil
	})
	if err != nil {
		return err
	}

	const size, page = 64 << 20, 4 << 10
	if _, err := f.WriteAt(make([]byte, size), 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	block, offset := text(page), int64(0)
	err = l.measure("overwrite 4 KB in place + fdatasync", func(until time.Time) (n int, err error) {
		for ; time.Now().Before(until); n++ {
			if _, err := f.WriteAt(block, offset%size); err != nil {
				return n, err
			}
			offset += page
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				return n, err
			}
		}
		return n, nil
	})
	if err != nil {
		return err
	}

	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	made := 0
	return l.measure("create file of 1 KB + fsync + rename + fsync of the folder", func(until time.Time) (n int, err error) {
		for ; time.Now().Before(until); n++ {
			made++
			if err := replace(d, filepath.Join(dir, strconv.Itoa(made)), row); err != nil {
				return n, err
			}
		}
		return n, nil
	})
}

// replace writes a file the durable way: under another name first.
func replace(dir *os.File, name string, content []byte) error {
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return dir.Sync()
}
