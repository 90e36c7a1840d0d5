// Command packaging builds what people install, from the tree that it is run
// in:
//
//	go run ./packaging dist [-o DIR]
//	go run ./packaging deb [-o DIR] [-arch ARCH]
//
// dist makes an archive of both programs for each platform, with manual pages
// and completions, and SHA256SUMS; deb makes the Debian package. Both name what
// they made on stdout. Equal sources and an equal Go toolchain give equal
// bytes, wherever and whenever they are built.
//
// The version comes from the tags of git and may be given with -version, for a
// tree that is no clone.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what to make: dist or deb")
	}
	flags := flag.NewFlagSet("packaging "+args[0], flag.ContinueOnError)
	out := flags.String("o", "dist", "`folder` to write to, made if missing")
	arch := flags.String("arch", "amd64", "`architecture` of the Debian package, as Go and Debian call it: amd64 or arm64")
	version := flags.String("version", "", "`version` to build, such as v1.2.0, instead of what git says")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q for?", flags.Arg(0))
	}
	src, err := readSource(*version)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	switch args[0] {
	case "dist":
		return dist(src, *out, platforms)
	case "deb":
		return deb(src, *out, *arch)
	default:
		return fmt.Errorf("cannot make %q, only dist and deb", args[0])
	}
}
