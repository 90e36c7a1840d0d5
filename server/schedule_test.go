package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"contacts/server"
)

// A logWatch is a log that tells when it says something.
type logWatch struct {
	logBuffer
	want string
	said chan struct{} // receives a value for each line with want, as long as there is room
}

func watchLog(want string) *logWatch { return &logWatch{want: want, said: make(chan struct{}, 100)} }

func (l *logWatch) Write(p []byte) (int, error) {
	n, err := l.logBuffer.Write(p)
	if strings.Contains(string(p), l.want) {
		select {
		case l.said <- struct{}{}:
		default:
		}
	}
	return n, err
}

// scheduled is a configuration with scheduled backups, at a fixed time.
func scheduled(t *testing.T) (c server.Config, now time.Time) {
	c = config(t)
	now = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	c.Now = func() time.Time { return now }
	c.BackupDir = filepath.Join(t.TempDir(), "backups")
	c.BackupKeep = 3
	return c, now
}

func backupName(at time.Time) string {
	return "contactsd-" + at.UTC().Format("20060102T150405Z") + ".tar.zst"
}

func TestSchedule(t *testing.T) {
	t.Run("OPS-30 OPS-31 what fell due is made at the start, and the oldest go", func(t *testing.T) {
		c, now := scheduled(t)
		log := watchLog("made a backup")
		c.Logger = logger(log)
		if err := os.Mkdir(c.BackupDir, 0o700); err != nil {
			t.Fatal(err)
		}
		others := []string{"contactsd-letters.tar.zst", "contactsd-20260101T000000Z.tar.zst.old", "before-schema-2-20260101T000000Z.tar.zst"}
		for _, name := range others {
			if err := os.WriteFile(filepath.Join(c.BackupDir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for day := 2; day < 8; day++ {
			if err := os.WriteFile(filepath.Join(c.BackupDir, backupName(now.AddDate(0, 0, -day))), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, c)
		addUser(t, s, "mary@example.com", false)
		v := serve(t, s)
		<-log.said
		if err := v.end(); err != nil {
			t.Fatal(err)
		}
		want := append(slices.Clone(others), backupName(now), backupName(now.AddDate(0, 0, -2)), backupName(now.AddDate(0, 0, -3)))
		slices.Sort(want)
		if got := names(t, c.BackupDir); !slices.Equal(got, want) {
			t.Errorf("the folder has %q, want %q", got, want)
		}
		if _, err := restore(t, config(t), filepath.Join(c.BackupDir, backupName(now))); err != nil {
			t.Error(err)
		}
		if b := s.LastBackup(); !b.Time.Equal(now) || b.Failed != "" || b.Size == 0 {
			t.Errorf("LastBackup = %+v", b)
		}
		text := server.Metrics(s)
		for series, want := range map[string]float64{ // OPS-33
			"contactsd_backup_timestamp_seconds": float64(now.Unix()),
			"contactsd_backup_interval_seconds":  c.BackupEvery.Seconds(),
			"contactsd_backup_failures_total":    0,
		} {
			if got := sample(t, text, series); got != want {
				t.Errorf("%s = %g, want %g", series, got, want)
			}
		}
	})

	t.Run("OPS-33 without a schedule there is no time of a backup", func(t *testing.T) {
		text := server.Metrics(open(t, config(t)))
		for _, series := range []string{"contactsd_backup_timestamp_seconds", "contactsd_backup_interval_seconds"} {
			if got := sample(t, text, series); got != -1 {
				t.Errorf("%s = %g, want none", series, got)
			}
		}
	})

	t.Run("OPS-30 backups go on", func(t *testing.T) {
		c, now := scheduled(t)
		var calls atomic.Int64
		c.Now = func() time.Time { return now.Add(time.Duration(calls.Add(1)) * time.Hour) }
		c.BackupEvery = time.Minute
		log := watchLog("made a backup")
		c.Logger = logger(log)
		v := serve(t, open(t, c))
		for range c.BackupKeep + 2 {
			<-log.said
		}
		if err := v.end(); err != nil {
			t.Fatal(err)
		}
		if got := names(t, c.BackupDir); len(got) < c.BackupKeep || len(got) > c.BackupKeep+1 { // the end may have come before the removal
			t.Errorf("the folder has %q", got)
		}
	})

	t.Run("OPS-30 the next one is due by the newest that is there", func(t *testing.T) {
		c, now := scheduled(t)
		s := open(t, c)
		if due := server.BackupDue(s); due != 0 {
			t.Errorf("without any the next one is due in %s, want now", due)
		}
		if err := os.Mkdir(c.BackupDir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ age, want time.Duration }{
			{30 * time.Hour, 0},
			{20 * time.Hour, 4 * time.Hour},
			{-time.Hour, 24 * time.Hour}, // a clock that was ahead
		} {
			if err := os.WriteFile(filepath.Join(c.BackupDir, backupName(now.Add(-tt.age))), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if due := server.BackupDue(s); due != tt.want {
				t.Errorf("after one of %s ago the next one is due in %s, want %s", tt.age, due, tt.want)
			}
		}
	})

	t.Run("OPS-32 a failure is told, and leaves the earlier ones alone", func(t *testing.T) {
		c, now := scheduled(t)
		log := watchLog("backup failed")
		c.Logger = logger(log)
		if err := os.WriteFile(c.BackupDir, nil, 0o600); err != nil { // a file in the place of the folder
			t.Fatal(err)
		}
		s := open(t, c)
		v := serve(t, s)
		<-log.said
		a := do(t, "GET", v.url+"/readyz", "", "")
		for a.status == 200 && !strings.Contains(a.body, "last backup failed") { // the log comes first
			a = do(t, "GET", v.url+"/readyz", "", "")
		}
		if a.status != 200 {
			t.Errorf("/readyz = %d %s", a.status, a.body)
		}
		if b := s.LastBackup(); b.Failures != 1 || b.Failed == "" || !b.Time.IsZero() {
			t.Errorf("LastBackup = %+v", b)
		}
		if got := sample(t, server.Metrics(s), "contactsd_backup_failures_total"); got != 1 { // OPS-33
			t.Errorf("%g failures are counted, want 1", got)
		}
		if text := log.String(); !strings.Contains(text, "level=ERROR") {
			t.Errorf("the log says %s", text)
		}
		if err := v.end(); err != nil {
			t.Fatal(err)
		}

		// A damaged store drives out no good backup.
		if err := os.Remove(c.BackupDir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(c.BackupDir, 0o700); err != nil {
			t.Fatal(err)
		}
		var kept []string
		for day := range 5 {
			kept = append(kept, backupName(now.AddDate(0, 0, -day-2)))
			if err := os.WriteFile(filepath.Join(c.BackupDir, kept[day]), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(c.Data, "secret.key")); err != nil { // without it a backup is none
			t.Fatal(err)
		}
		if server.ScheduledBackup(s) {
			t.Error("a backup without the secret key was made")
		}
		slices.Sort(kept)
		if got := names(t, c.BackupDir); !slices.Equal(got, kept) {
			t.Errorf("the folder has %q, want %q", got, kept)
		}
	})

	t.Run("settings that cannot be meant", func(t *testing.T) {
		for _, set := range []func(*server.Config){
			func(c *server.Config) { c.BackupEvery = 0 },
			func(c *server.Config) { c.BackupKeep = 0 },
		} {
			c := config(t)
			set(&c)
			if _, err := server.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "backup_") {
				t.Errorf("Open = %v, want an error that names the setting", err)
			}
		}
	})
}

func TestWorkFolders(t *testing.T) {
	t.Run("OPS-11 what a killed process left is removed, what another one does is not", func(t *testing.T) {
		dir := t.TempDir()
		left := filepath.Join(dir, ".contactsd-work-left")
		if err := os.Mkdir(left, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(left, "backup"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		remove, err := server.NewWorkFolder(dir) // just made, so left may be in use
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); len(got) != 2 {
			t.Errorf("there is %q, want two folders", got)
		}
		hourAgo := time.Now().Add(-time.Hour)
		for _, name := range names(t, dir) {
			if err := os.Chtimes(filepath.Join(dir, name), hourAgo, hourAgo); err != nil {
				t.Fatal(err)
			}
		}
		second, err := server.NewWorkFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); len(got) != 2 || slices.Contains(got, filepath.Base(left)) {
			t.Errorf("there is %q, want the two that are in use", got)
		}
		for _, remove := range []func() error{remove, second} {
			if err := remove(); err != nil {
				t.Error(err)
			}
		}
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("there is %q", got)
		}
	})
}
