package server

import (
	"context"
	"time"

	"contacts/store/sqlite"
)

// BackupDue is how long it is until the next scheduled backup.
func BackupDue(s *Server) time.Duration { return s.backupDue() }

// ScheduledBackup makes a scheduled backup now.
func ScheduledBackup(s *Server) bool { return s.scheduledBackup(context.Background()) }

// NewWorkFolder makes a work folder, and returns what removes it.
func NewWorkFolder(parent string) (func() error, error) {
	w, err := newWorkFolder(parent)
	if err != nil {
		return nil, err
	}
	return w.remove, nil
}

// UpgradeBackup does what comes before a change of the schema.
func UpgradeBackup(ctx context.Context, s *Server, to int) error {
	return s.db.Snapshot(ctx, false, func(n *sqlite.Snapshot) error {
		return (&Server{config: s.config, log: s.log}).beforeUpgrade(ctx, n, to) // the store is not open yet
	})
}
