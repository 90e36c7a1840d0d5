package transfer

import (
	"io"
	"os"
)

type spooled struct{ *os.File }

func spool(r io.Reader) (io.ReadSeekCloser, error) {
	f, err := os.CreateTemp("", "contacts-*")
	if err != nil {
		return nil, err
	}
	s := &spooled{f}
	if _, err := io.Copy(f, r); err != nil {
		s.Close()
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *spooled) Close() error {
	err := s.File.Close()
	if gone := os.Remove(s.Name()); err == nil {
		err = gone
	}
	return err
}
