package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// imports measures the command line: it imports a file of as many vCards as the
// main book has contacts into the empty shared contacts of the smallest
// server, and syncs a folder with them when nothing has changed.
func (r *ratios) imports() error {
	s := r.ours[0] // of which nobody counts the bytes
	t := s.t.(*GData)
	src, err := benchDir()
	if err != nil {
		return err
	}
	program := filepath.Join(r.dir, "contacts")
	build := exec.Command("go", "build", "-o", program, "./cmd/contacts")
	build.Dir, build.Stderr, build.Env = filepath.Dir(src), os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return err
	}
	home := filepath.Join(r.dir, "home") // where the program keeps what it knows
	contacts := func(args ...string) (time.Duration, error) {
		cmd := exec.Command(program, append(args, "--domain", "example.com")...)
		cmd.Stderr = os.Stderr
		cmd.Env = append(os.Environ(), "CONTACTS_SERVER="+t.base.String(), "CONTACTS_ACCOUNT="+t.user, "CONTACTS_PASSWORD="+t.pass,
			"HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home)
		start := time.Now()
		if out, err := cmd.Output(); err != nil {
			return 0, fmt.Errorf("contacts %s: %w\n%.2000s", args[0], err, out)
		}
		return time.Since(start), nil
	}

	var cards []byte
	for i := range r.mainN {
		cards = append(cards, NewPerson(s.seed, i, 0).VCard()...)
	}
	file := filepath.Join(r.dir, "people.vcf")
	if err := os.WriteFile(file, cards, 0o600); err != nil {
		return err
	}
	took, err := contacts("import", file)
	if err != nil {
		return err
	}
	rate := float64(r.mainN) / took.Seconds()
	row := r.add(&Row{
		What: fmt.Sprintf("contacts import of %s vCards, against batches of the generator", thousands(r.mainN)),
		Unit: "/s", Value: rate, Limit: r.batchRate, Ratio: rate / r.batchRate,
	})
	row.need(row.Ratio >= 0.5, "ratio ≥ 0.5")

	folder := filepath.Join(r.dir, "folder")
	first, err := contacts("sync", folder)
	if err != nil {
		return err
	}
	var again []float64
	for range r.rounds {
		took, err := contacts("sync", folder)
		if err != nil {
			return err
		}
		again = append(again, ms(took))
	}
	r.add(&Row{What: fmt.Sprintf("contacts sync of a folder, %s contacts the first time", thousands(r.mainN)), Unit: "ms", Value: ms(first)})
	r.add(&Row{What: "contacts sync of a folder, nothing changed", Unit: "ms", Value: median(again)})
	return nil
}
