package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// debian holds what only the Debian package has: the unit of the service, and
// the scripts and facts for dpkg.
//
//go:embed debian
var debian embed.FS

// configFile is where the package has its configuration file, and where its
// contactsd looks for one.
const configFile = "/etc/contactsd/contactsd.toml"

// deb makes the Debian package: an ar archive of two tar archives, which is
// written here so that it needs no Debian and has no trace of where it was
// made.
func deb(s source, out, arch string) error {
	if !slices.Contains(platforms, platform{"linux", arch}) {
		return fmt.Errorf("there is no package for %q", arch)
	}
	content, err := debContent(s, arch)
	if err != nil {
		return err
	}
	control, err := debControl(s, arch, content)
	if err != nil {
		return err
	}
	members := []arMember{{"debian-binary", []byte("2.0\n")}}
	for _, m := range []struct {
		name  string
		files []file
	}{{"control.tar.gz", control}, {"data.tar.gz", content}} {
		var b bytes.Buffer
		if err := writeTarGz(&b, "./", m.files, s.date); err != nil {
			return err
		}
		members = append(members, arMember{m.name, b.Bytes()})
	}
	name := filepath.Join(out, fmt.Sprintf("contactsd_%s_%s.deb", s.number, arch))
	fmt.Println(name)
	return create(name, func(w io.Writer) error { return writeAr(w, members, s.date.Unix()) })
}

// debContent is what the package installs.
func debContent(s source, arch string) ([]file, error) {
	x, err := s.askPrograms(configFile)
	if err != nil {
		return nil, err
	}
	files, err := s.programsFor(platform{"linux", arch}, x, configFile)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].name = "usr/bin/" + files[i].name
	}
	unit, err := debian.ReadFile("debian/contactsd.service")
	if err != nil {
		return nil, err
	}
	files = append(files,
		file{name: strings.TrimPrefix(configFile, "/"), mode: 0o640, text: x.config},    // OPS-122
		file{name: "usr/lib/systemd/system/contactsd.service", mode: 0o644, text: unit}) // OPS-123
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		return nil, err
	}
	for _, name := range append(docs, "README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "usr/share/doc/contactsd/" + filepath.ToSlash(name), mode: 0o644, text: text})
	}
	for _, page := range x.man {
		var b bytes.Buffer
		zw, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		zw.Write(page.text) // a buffer takes everything
		if err := zw.Close(); err != nil {
			return nil, err
		}
		section := page.name[strings.LastIndex(page.name, ".")+1:]
		files = append(files, file{name: "usr/share/man/man" + section + "/" + page.name + ".gz", mode: 0o644, text: b.Bytes()})
	}
	for _, program := range programs {
		for shell, text := range x.completions[program] {
			name := map[string]string{
				"bash": "bash-completion/completions/" + program,
				"zsh":  "zsh/vendor-completions/_" + program,
				"fish": "fish/vendor_completions.d/" + program + ".fish",
			}[shell]
			files = append(files, file{name: "usr/share/" + name, mode: 0o644, text: text})
		}
	}
	return files, nil
}

// debControl is what dpkg has to know.
func debControl(s source, arch string, content []file) ([]file, error) {
	var size int
	var sums strings.Builder
	byName(content)
	for _, f := range content {
		size += (len(f.text) + 1023) / 1024
		if "/"+f.name != configFile {
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.text), f.name)
		}
	}
	t, err := template.ParseFS(debian, "debian/control")
	if err != nil {
		return nil, err
	}
	var facts bytes.Buffer
	if err := t.Execute(&facts, map[string]any{"Version": s.number, "Arch": arch, "Size": size}); err != nil {
		return nil, err
	}
	files := []file{
		{name: "control", mode: 0o644, text: facts.Bytes()},
		{name: "conffiles", mode: 0o644, text: []byte(configFile + "\n")},
		{name: "md5sums", mode: 0o644, text: []byte(sums.String())},
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		text, err := debian.ReadFile("debian/" + script)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: script, mode: 0o755, text: text})
	}
	return files, nil
}

// An arMember is a file of an ar archive. Its name has at most 15 bytes.
type arMember struct {
	name string
	text []byte
}

// writeAr writes the oldest form of ar, which dpkg reads: a line of text, and
// then each member after a head of 60 bytes, on an even offset.
func writeAr(w io.Writer, members []arMember, at int64) error {
	if _, err := io.WriteString(w, "!<arch>\n"); err != nil {
		return err
	}
	for _, m := range members {
		if _, err := fmt.Fprintf(w, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", m.name, at, 0, 0, 0o100644, len(m.text)); err != nil {
			return err
		}
		text := m.text
		if len(text)%2 == 1 {
			text = append(text[:len(text):len(text)], '\n')
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
