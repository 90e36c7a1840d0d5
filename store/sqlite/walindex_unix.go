//go:build unix

package sqlite

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// indexFiles are the files that walIndexes look at, by device and inode. Each
// is opened once in a process and closed last: closing it lets go of all locks
// that the process has on it, and SQLite has some.
var indexFiles struct {
	mu    sync.Mutex
	files map[inode]*indexFile
}

type inode struct{ device, number uint64 }

type indexFile struct {
	file  *os.File
	page  []byte
	users int
}

// openWALIndex finds the index of the database, to which a connection of this
// process must be open until the walIndex is closed.
func openWALIndex(path string) (*walIndex, error) {
	indexFiles.mu.Lock()
	defer indexFiles.mu.Unlock()
	name := path + "-shm"
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("%s: no inode", name)
	}
	key := inode{uint64(st.Dev), uint64(st.Ino)}
	f := indexFiles.files[key]
	if f == nil {
		if f, err = mapIndex(name); err != nil {
			return nil, err
		}
		if indexFiles.files == nil {
			indexFiles.files = map[inode]*indexFile{}
		}
		indexFiles.files[key] = f
	}
	f.users++
	return &walIndex{
		words: (*[2 * headerWords]uint32)(unsafe.Pointer(unsafe.SliceData(f.page))),
		close: func() error {
			indexFiles.mu.Lock()
			defer indexFiles.mu.Unlock()
			if f.users--; f.users > 0 {
				return nil
			}
			delete(indexFiles.files, key)
			return f.release()
		},
	}, nil
}

func mapIndex(name string) (*indexFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	page, err := syscall.Mmap(int(file.Fd()), 0, os.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", name, err) // file stays open: see indexFiles
	}
	return &indexFile{file: file, page: page}, nil
}

func (f *indexFile) release() error {
	err := syscall.Munmap(f.page)
	if closed := f.file.Close(); err == nil {
		err = closed
	}
	return err
}
