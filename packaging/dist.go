package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// dist makes an archive for each platform, and SHA256SUMS over all of them.
func dist(s source, out string, to []platform) error {
	x, err := s.askPrograms("")
	if err != nil {
		return err
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	shared := []file{{name: "README.md", mode: 0o644, text: readme}}
	for _, page := range x.man {
		shared = append(shared, file{name: "man/" + page.name, mode: page.mode, text: page.text})
	}
	for _, program := range programs {
		for shell, text := range x.completions[program] {
			shared = append(shared, file{name: "completions/" + program + "." + shell, mode: 0o644, text: text})
		}
	}
	var sums strings.Builder
	for _, p := range to {
		name := fmt.Sprintf("contactsd-%s-%s-%s", s.number, p.os, p.arch)
		files, err := s.programsFor(p, x, "")
		if err != nil {
			return err
		}
		files = append(files, shared...)
		for i := range files {
			files[i].name = name + "/" + files[i].name
		}
		archive := name + ".tar.gz"
		if p.os == "windows" {
			archive = name + ".zip"
		}
		sum := sha256.New()
		err = create(filepath.Join(out, archive), func(w io.Writer) error {
			w = io.MultiWriter(w, sum)
			if p.os == "windows" {
				return writeZip(w, files, s.date)
			}
			return writeTarGz(w, "", files, s.date)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sum.Sum(nil), archive) // OPS-120
		fmt.Println(filepath.Join(out, archive))
	}
	name := filepath.Join(out, "SHA256SUMS")
	fmt.Println(name)
	return create(name, func(w io.Writer) error {
		_, err := io.WriteString(w, sums.String())
		return err
	})
}
