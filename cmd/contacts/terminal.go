package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// A terminal says which of the streams are one.
type terminal struct {
	in, out, err bool
	width        func() int // columns; 0 if it is not known

	// password reads a line without echo. When stopped is closed, it makes the
	// terminal as it was, and fails.
	password func(stopped <-chan struct{}) (string, error)
}

func terminalOf(in, out, errs *os.File) terminal {
	return terminal{
		in:  term.IsTerminal(int(in.Fd())),
		out: term.IsTerminal(int(out.Fd())),
		err: term.IsTerminal(int(errs.Fd())),
		width: func() int {
			for _, f := range []*os.File{out, errs} {
				if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
					return w
				}
			}
			return 0
		},
		password: func(stopped <-chan struct{}) (string, error) {
			state, err := term.GetState(int(in.Fd()))
			if err != nil {
				return "", err
			}
			s, err := orStopped(stopped, func() (string, error) {
				b, err := term.ReadPassword(int(in.Fd()))
				return string(b), err
			})
			if errors.Is(err, errInterrupted) {
				term.Restore(int(in.Fd()), state)
			}
			return s, err
		},
	}
}

// orStopped is what read returns, or errInterrupted as soon as stopped is
// closed. A read from a terminal cannot be ended; it ends with the program.
func orStopped(stopped <-chan struct{}, read func() (string, error)) (string, error) {
	type result struct {
		s   string
		err error
	}
	done := make(chan result, 1)
	go func() {
		s, err := read()
		done <- result{s, err}
	}()
	select {
	case r := <-done:
		return r.s, r.err
	case <-stopped:
		return "", errInterrupted
	}
}

// maxLine limits what is read as one line of input.
const maxLine = 4 << 10

// readLine reads a line without its end, byte by byte, so that what follows
// stays for others.
func readLine(r io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := r.Read(b)
		if n == 1 && b[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, b[:n]...)
		switch {
		case len(line) > maxLine:
			return "", errors.New("the line is too long")
		case err == io.EOF && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}

// ask asks a question on the terminal and returns the answer, trimmed.
func (a *app) ask(question string) (string, error) {
	a.endBar()
	fmt.Fprint(a.stderr, question)
	line, err := orStopped(a.stopped, func() (string, error) { return readLine(a.stdin) })
	if err == io.EOF {
		fmt.Fprintln(a.stderr)
		return "", errors.New("no answer")
	}
	return strings.TrimSpace(line), err
}

// confirm asks a question whose answer is yes or no.
func (a *app) confirm(question string) (bool, error) {
	answer, err := a.ask(question + " [y/N] ")
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), err
}

// askPassword asks for a password, which is not shown.
func (a *app) askPassword(prompt string) (string, error) {
	a.endBar()
	fmt.Fprint(a.stderr, prompt)
	s, err := a.term.password(a.stopped)
	fmt.Fprintln(a.stderr)
	if err == io.EOF {
		err = errors.New("no password")
	}
	return s, err
}

// firstLine is the first line of stdin, for secrets.
func (a *app) firstLine(what string) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(a.stdin, maxLine)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("stdin has no %s", what)
	}
	return line, nil
}
