package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A source is the state of the tree that is built.
type source struct {
	version string    // what the programs call themselves: a tag, or dev
	commit  string    // with -dirty, if the tree differs from it; unknown without git
	number  string    // version in names of files and of the package: 1.2.0, 1.2.0+5.gabc, 0~20261122.210000.gabc
	date    time.Time // of the commit
}

// tagPattern is a tag that is a version.
var tagPattern = regexp.MustCompile(`^v([0-9]+(?:\.[0-9]+)*(?:-[0-9A-Za-z.]+)?)$`)

// readSource asks git. Without git, as in an archive of the source, the version
// is the given one or 0~dev.
func readSource(given string) (source, error) {
	s := source{version: "dev", commit: "unknown", number: "0~dev", date: time.Unix(0, 0).UTC()}
	if commit, err := git("describe", "--always", "--exclude=*", "--abbrev=12", "--dirty"); err == nil {
		s.commit = commit
		stamp, err := git("log", "-1", "--format=%ct")
		if err != nil {
			return s, err
		}
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return s, err
		}
		s.date = time.Unix(seconds, 0).UTC()
		s.number = "0~" + s.date.Format("20060102.150405") + ".g" + strings.ReplaceAll(commit, "-", ".")
	}
	if given == "" {
		given, _ = git("describe", "--tags", "--exact-match", "--match=v*")
		if given == "" {
			if tag, err := git("describe", "--tags", "--match=v*", "--long", "--abbrev=12", "--dirty"); err == nil {
				s.number = debianNumber(tag)
			}
			return s, nil
		}
	}
	m := tagPattern.FindStringSubmatch(given)
	if m == nil {
		return s, fmt.Errorf("%q is no version such as v1.2.0", given)
	}
	s.version, s.number = given, strings.ReplaceAll(m[1], "-", "~") // 1.2.0-rc1 is before 1.2.0
	if strings.HasSuffix(s.commit, "-dirty") {
		s.number += "+dirty"
	}
	return s, nil
}

// debianNumber orders what git describe --long says, v1.2.0-5-gabc, between
// 1.2.0 and 1.2.1.
func debianNumber(described string) string {
	tag, rest := described, ""
	for range 2 {
		if i := strings.LastIndex(strings.TrimSuffix(tag, "-dirty"), "-"); i >= 0 {
			tag, rest = tag[:i], strings.ReplaceAll(tag[i+1:], "-", ".")+"."+rest
		}
	}
	return strings.ReplaceAll(strings.TrimPrefix(tag, "v"), "-", "~") + "+" + strings.TrimSuffix(rest, ".")
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	return strings.TrimSpace(string(out)), err
}

// A platform is a system and a machine, as Go calls them.
type platform struct{ os, arch string }

var platforms = []platform{ // OPS-120
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"darwin", "amd64"}, {"windows", "amd64"},
}

// programs are built from cmd.
var programs = []string{"contactsd", "contacts"}

// exe is the file name of a program.
func (p platform) exe(program string) string {
	if p.os == "windows" {
		return program + ".exe"
	}
	return program
}

// build compiles both programs, static and without a trace of the machine that
// does it, into dir. config is the configuration file that contactsd finds by
// itself, or empty.
func (s source) build(dir string, p platform, config string) ([]file, error) {
	ldflags := "-s -w -buildid= -X main.version=" + s.version + " -X main.commit=" + s.commit
	if config != "" {
		ldflags += " -X main.defaultConfig=" + config
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+ldflags, "-o", dir+string(os.PathSeparator)) // OPS-120
	for _, program := range programs {
		cmd.Args = append(cmd.Args, "./cmd/"+program)
	}
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building for %s/%s: %w\n%s", p.os, p.arch, err, out)
	}
	var files []file
	for _, program := range programs {
		text, err := os.ReadFile(filepath.Join(dir, p.exe(program)))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: p.exe(program), mode: 0o755, text: text})
	}
	return files, nil
}
