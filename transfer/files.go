package transfer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenFile opens a file of contacts so that it can be read twice. The name -
// stands for stdin.
func OpenFile(name string, stdin io.Reader) (io.ReadSeekCloser, error) {
	if name == "-" {
		return spool(stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s is a directory, not a file of contacts", name)
	case info.Mode().IsRegular():
		return f, nil
	default:
		defer f.Close()
		return spool(f)
	}
	return nil, errors.Join(err, f.Close())
}

// WriteFile calls fn with a file that takes its name only when fn has succeeded
// and all is on the disk (EXP-6). The name - stands for stdout.
func WriteFile(name string, stdout io.Writer, fn func(io.Writer) error) error {
	if name == "-" {
		return fn(stdout)
	}
	if name == "" {
		return errors.New("write a file: it has no name")
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("write %s: it is a directory", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".contacts-*")
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the name is not the user's
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name()) // in vain, if it has got its name
	if err := fn(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(f.Name(), name) // EXP-6
}
