package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// An instruction is a line of a Containerfile.
type instruction struct {
	name string
	args string
}

func readContainerfile(t *testing.T) []instruction {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("container", "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var all []instruction
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, args, _ := strings.Cut(line, " ")
		all = append(all, instruction{name, strings.TrimSpace(args)})
	}
	return all
}

// An image is what a Containerfile makes: a folder on a machine, and how its
// program is called.
type image struct {
	root             string
	env              []string
	user, workdir    string
	entrypoint, call []string
	health           []string
	volume           string
}

// words are those of a JSON list of texts without special characters.
func words(list string) []string {
	var all []string
	for w := range strings.SplitSeq(strings.Trim(list, "[]"), ",") {
		all = append(all, strings.Trim(strings.TrimSpace(w), `"`))
	}
	return all
}

// build carries out the instructions on the machine, which takes the place of
// the first stage's image and has what that needs: Go, make and git. Others
// than those that are known here end the test.
func (m *machine) build(t *testing.T, all []instruction) image {
	t.Helper()
	var img image
	stage, dir := 0, "/"
	for _, in := range all {
		fields := strings.Fields(in.args)
		switch in.name {
		case "FROM":
			stage++
			switch {
			case stage == 1 && strings.HasPrefix(in.args, "golang:") && strings.HasSuffix(in.args, " AS build"):
			case stage == 2 && in.args == "scratch":
				img.root = "/scratch"
				m.run(t, "mkdir", img.root)
			default:
				t.Fatalf("FROM %s", in.args)
			}
		case "WORKDIR":
			dir, img.workdir = in.args, in.args
			m.run(t, "mkdir", "-p", img.root+dir)
		case "COPY":
			m.copy(t, img.root, dir, fields)
		case "RUN":
			if stage != 1 {
				t.Fatalf("RUN %s: scratch has no shell", in.args)
			}
			m.run(t, "sh", "-c", `cd "$0" && `+in.args, dir)
		case "ENV":
			img.env = append(img.env, fields...)
		case "USER":
			img.user = in.args
		case "VOLUME":
			img.volume = in.args
		case "ENTRYPOINT":
			img.entrypoint = words(in.args)
		case "CMD":
			img.call = words(in.args)
		case "HEALTHCHECK":
			img.health = words(strings.TrimPrefix(in.args, "CMD "))
		case "EXPOSE", "STOPSIGNAL":
		default:
			t.Fatalf("%s %s: not known", in.name, in.args)
		}
	}
	return img
}

// copy is COPY with the arguments, within the stage at root, in dir.
func (m *machine) copy(t *testing.T, root, dir string, args []string) {
	t.Helper()
	options := map[string]string{}
	for strings.HasPrefix(args[0], "--") {
		name, value, _ := strings.Cut(args[0], "=")
		options[name] = value
		args = args[1:]
	}
	from, to := args[:len(args)-1], args[len(args)-1]
	if !path.IsAbs(to) {
		to = path.Join(dir, to) + "/"
	}
	to = root + to
	m.run(t, "mkdir", "-p", path.Dir(to))
	if options["--from"] == "" {
		for _, name := range from {
			cmd := m.command("tar", "-x", "-C", to)
			cmd.Stdin = bytes.NewReader(packTree(t, "..", name))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("COPY %s: %v\n%s", name, err, out)
			}
		}
		return
	}
	m.run(t, append(append([]string{"cp", "-a", "-L"}, from...), to)...)
	if v := options["--chown"]; v != "" {
		m.run(t, "chown", "-R", v, to)
	}
	if v := options["--chmod"]; v != "" {
		m.run(t, "chmod", "-R", strings.TrimPrefix(v, "0"), to)
	}
}

// packTree is a tar archive of a file or folder of the tree, without what
// .dockerignore names.
func packTree(t *testing.T, root, name string) []byte {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join("container", "Containerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	err = filepath.WalkDir(filepath.Join(root, name), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if strings.Contains("\n"+string(ignored), "\n"+rel+"\n") || rel == ".git" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := tw.WriteHeader(&tar.Header{Name: rel, Mode: int64(info.Mode().Perm()), Size: int64(len(text)), ModTime: info.ModTime()}); err != nil {
			return err
		}
		_, err = tw.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// container is a command in the image, as an engine would call it: as its user,
// with its environment and nothing else. Later variables win.
func (m *machine) container(img image, env []string, args ...string) *exec.Cmd {
	all := append([]string{"env", "-i"}, img.env...)
	all = append(all, env...)
	return m.command(append(append(all, "/usr/sbin/chroot", "--userspec="+img.user, img.root), args...)...)
}

func TestContainer(t *testing.T) {
	m := newMachine(t)
	img := m.build(t, readContainerfile(t))

	t.Run("OPS-126 the image holds programs and certificates only", func(t *testing.T) {
		got := m.run(t, "find", img.root, "-type", "f", "-printf", "%P %m\n")
		for line := range strings.Lines(got) {
			switch line {
			case "usr/bin/contactsd 755\n", "usr/bin/contacts 755\n", "etc/ssl/certs/ca-certificates.crt 644\n":
			default:
				t.Errorf("the image has %s", line)
			}
		}
		if n := strings.Count(got, "\n"); n != 3 {
			t.Errorf("the image has %d files, want 3", n)
		}
		if img.user == "" || strings.HasPrefix(img.user, "0") || strings.HasPrefix(img.user, "root") {
			t.Errorf("it runs as %q", img.user)
		}
	})
	t.Run("OPS-126 what the image sets is understood", func(t *testing.T) {
		out, err := m.container(img, nil, append(img.entrypoint, "config")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{"data = \"" + img.volume + "\"", `listen = "0.0.0.0:8080"`, `trusted_proxies = [`} {
			if !strings.Contains(string(out), "\n"+want) {
				t.Errorf("the settings are not %s:\n%s", want, out)
			}
		}
	})
	t.Run("OPS-126 it serves, and the health check sees it", func(t *testing.T) {
		listen := "CONTACTSD_LISTEN=" + net.JoinHostPort(freeAddress(t))
		if out, err := m.container(img, []string{listen}, img.health...).CombinedOutput(); err == nil {
			t.Errorf("it is healthy before it runs: %s", out)
		}
		line, stop := startUntil(t, m.container(img, []string{listen}, append(img.entrypoint, img.call...)...), "listening on ")
		defer stop()
		defer m.run(t, "sh", "-c", fmt.Sprintf(`for p in /proc/[0-9]*; do [ "$(readlink "$p/exe")" != %s/usr/bin/contactsd ] || kill "${p#/proc/}"; done`, img.root))
		if out, err := m.container(img, []string{listen}, img.health...).CombinedOutput(); err != nil {
			t.Errorf("health check: %v\n%s", err, out)
		}
		res, err := http.Get(strings.TrimPrefix(strings.TrimSpace(line), "listening on ") + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("/readyz: %s", res.Status)
		}
	})
}
