package server

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The names of scheduled backups: when they were begun, in UTC, so that they
// sort by time.
const (
	backupPrefix = "contactsd-"
	backupStamp  = "20060102T150405Z"
	backupSuffix = ".tar.zst"
)

const (
	// backupRetry is the most that passes after a failure until the next try.
	backupRetry = 10 * time.Minute

	// backupLook is how often the clock is looked at, which may be set.
	backupLook = time.Hour
)

// BackupStatus tells how scheduled backups go.
type BackupStatus struct {
	Time     time.Time     // of the newest one that is there; zero without one
	Size     int64         // of the last one that this process made
	Took     time.Duration // likewise
	Failed   string        // why the last try failed; empty if it did not
	Failures int           // of this process
}

// LastBackup tells how scheduled backups go. It is zero without a schedule.
func (s *Server) LastBackup() BackupStatus {
	s.backups.Lock()
	defer s.backups.Unlock()
	return s.backups.status
}

// checkBackups is part of check.
func (c *Config) checkBackups() error {
	switch {
	case c.BackupEvery < time.Minute:
		return invalid("backup_every", "must be at least 1m")
	case c.BackupKeep < 1:
		return invalid("backup_keep", "must be at least 1")
	}
	return nil
}

// keepBackups makes backups as they fall due until ctx is done.
func (s *Server) keepBackups(ctx context.Context) {
	var failed time.Time // when the last try ended, if it failed
	for ctx.Err() == nil {
		wait := s.backupDue()
		if !failed.IsZero() { // OPS-32
			wait = time.Until(failed.Add(min(backupRetry, s.config.BackupEvery)))
		}
		if wait <= 0 {
			failed = time.Time{}
			if !s.scheduledBackup(ctx) {
				failed = time.Now()
			}
			continue
		}
		t := time.NewTimer(min(wait, backupLook))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// backupDue is how long it is until the next backup. What fell due while
// nothing ran is due now.
func (s *Server) backupDue() time.Duration {
	made, err := scheduledBackups(s.config.BackupDir)
	if err != nil || len(made) == 0 {
		return 0 // scheduledBackup will say what is wrong
	}
	now, last := s.config.Now(), made[len(made)-1].time
	s.backups.Lock()
	s.backups.status.Time = last
	s.backups.Unlock()
	if last.After(now) { // a clock that was wrong
		return s.config.BackupEvery
	}
	return max(0, last.Add(s.config.BackupEvery).Sub(now)) // OPS-30
}

// scheduledBackup makes one backup, and removes those that are too many. It
// reports whether that went well.
func (s *Server) scheduledBackup(ctx context.Context) bool {
	done, removed, err := s.rotate(ctx)
	s.backups.Lock()
	defer s.backups.Unlock()
	status := &s.backups.status
	if err != nil {
		if ctx.Err() != nil { // the server stops
			return false
		}
		status.Failed = err.Error()
		status.Failures++
		s.watch.unsaved.Inc()
		s.log.Error("backup failed", "dir", s.config.BackupDir, "error", err) // OPS-32
		return false
	}
	status.Time, status.Size, status.Took, status.Failed = done.Manifest.Time, done.Size, done.Took, ""
	s.log.Info("made a backup", "file", done.File, "bytes", done.Size, "duration", done.Took, "removed", removed)
	return true
}

func (s *Server) rotate(ctx context.Context) (done BackupDone, removed int, err error) {
	dir := s.config.BackupDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return done, 0, err
	}
	name := filepath.Join(dir, backupPrefix+s.config.Now().UTC().Format(backupStamp)+backupSuffix)
	done, err = s.BackupFile(ctx, name, false)
	if err != nil {
		return done, 0, err
	}
	made, err := scheduledBackups(dir)
	if err != nil {
		return done, 0, err
	}
	for _, b := range made[:max(0, len(made)-s.config.BackupKeep)] {
		if b.name == filepath.Base(done.File) {
			continue // a clock that was ahead has made those that look newer
		}
		if err := os.Remove(filepath.Join(dir, b.name)); err != nil { // OPS-31
			return done, removed, fmt.Errorf("remove an old backup: %w", err)
		}
		removed++
	}
	return done, removed, nil
}

// A scheduledName is the file of a scheduled backup.
type scheduledName struct {
	name string
	time time.Time
}

// scheduledBackups lists the scheduled backups in a folder, oldest first.
func scheduledBackups(dir string) (made []scheduledName, err error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		stamp, ok := strings.CutPrefix(e.Name(), backupPrefix)
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if stamp, ok = strings.CutSuffix(stamp, backupSuffix); !ok {
			continue
		}
		if at, err := time.Parse(backupStamp, stamp); err == nil {
			made = append(made, scheduledName{e.Name(), at})
		}
	}
	slices.SortFunc(made, func(a, b scheduledName) int { return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.name, b.name)) })
	return made, nil
}
