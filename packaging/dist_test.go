package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDist(t *testing.T) {
	t.Chdir("..")
	out := t.TempDir()
	pack(t, "dist", "-o", out, "-version", "v1.2.3")
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	const number = "1.2.3"
	for _, p := range platforms {
		t.Run("OPS-120 the archive for "+p.os+" on "+p.arch+" has static programs for it, and a checksum", func(t *testing.T) {
			names, err := filepath.Glob(filepath.Join(out, "contactsd-"+number+"*-"+p.os+"-"+p.arch+".*"))
			if err != nil || len(names) != 1 {
				t.Fatalf("archives: %q, %v", names, err)
			}
			text, err := os.ReadFile(names[0])
			if err != nil {
				t.Fatal(err)
			}
			if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(text), filepath.Base(names[0])); !strings.Contains(string(sums), line) {
				t.Errorf("SHA256SUMS has no %s:\n%s", line, sums)
			}
			files, err := unpack(names[0], text)
			if err != nil {
				t.Fatal(err)
			}
			folder := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(names[0]), ".zip"), ".tar.gz") + "/"
			for _, name := range []string{"README.md", "man/contactsd-serve.8", "man/contacts.1", "completions/contactsd.bash", "completions/contacts.fish"} {
				if len(files[folder+name]) == 0 {
					t.Errorf("there is no %s", folder+name)
				}
			}
			for _, program := range programs {
				if err := checkProgram(p, files[folder+p.exe(program)]); err != nil {
					t.Errorf("%s: %v", program, err)
				}
			}
		})
	}
}

func unpack(name string, text []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	if strings.HasSuffix(name, ".zip") {
		zr, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return nil, err
		}
		for _, f := range zr.File {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			if files[f.Name], err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
		return files, nil
	}
	zr, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			return nil, err
		}
	}
}

// checkProgram tells what is wrong with a program for a platform.
func checkProgram(p platform, text []byte) error {
	r := bytes.NewReader(text)
	switch p.os {
	case "linux":
		f, err := elf.NewFile(r)
		if err != nil {
			return err
		}
		if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[p.arch]; f.Machine != want {
			return fmt.Errorf("it is for %s, want %s", f.Machine, want)
		}
		for _, s := range f.Progs {
			if s.Type == elf.PT_INTERP || s.Type == elf.PT_DYNAMIC {
				return errors.New("it is not static")
			}
		}
	case "darwin":
		f, err := macho.NewFile(r)
		if err != nil {
			return err
		}
		if want := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[p.arch]; f.Cpu != want {
			return fmt.Errorf("it is for %s, want %s", f.Cpu, want)
		}
	case "windows":
		f, err := pe.NewFile(r)
		if err != nil {
			return err
		}
		if f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 {
			return fmt.Errorf("it is for machine %#x", f.Machine)
		}
	}
	return nil
}
