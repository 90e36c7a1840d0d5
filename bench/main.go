// Command bench feeds made-up people to contacts servers and measures them: our
// own server through the Contacts Data API, others through CardDAV, and the
// limits of the machine, so that figures of different machines can be compared
// as ratios. README.md tells what each figure means.
//
//	go run ./bench ratios [-quick] [-peer sabredav,cyrus]   our server against the limits of this machine
//	go run ./bench run -peer contactsd -n 1000              every operation on one server
//	go run ./bench run -url http://127.0.0.1:8080 -user EMAIL -pass PASSWORD
//	go run ./bench raw                                      the limits alone
//	go run ./bench report FILE...                           runs kept as JSON, side by side
//	go run ./bench gen -n 3 -format vcard                   the made-up people
package main

import (
	"flag"
	"fmt"
	"os"
)

func cmdGen(args []string) error {
	fs := flag.NewFlagSet("gen", flag.ExitOnError)
	n := fs.Int("n", 1, "contacts")
	seed := fs.Uint64("seed", 1, "seed of the made-up people")
	format := fs.String("format", "vcard", "vcard or atom")
	fs.Parse(args)
	for i := range *n {
		p := NewPerson(*seed, i, 0)
		b := p.VCard()
		if *format == "atom" {
			b = append(p.AtomEntry("", ""), '\n')
		}
		if _, err := os.Stdout.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	commands := map[string]func(args []string) error{
		"ratios": cmdRatios, "run": cmdRun, "raw": cmdRaw, "report": cmdReport, "gen": cmdGen,
	}
	var command func([]string) error
	if len(os.Args) > 1 {
		command = commands[os.Args[1]]
	}
	if command == nil {
		fmt.Fprintln(os.Stderr, "usage: bench ratios|run|raw|report|gen [flags]; see bench/README.md")
		os.Exit(2)
	}
	if err := command(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
