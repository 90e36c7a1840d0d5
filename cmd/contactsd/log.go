package main

import (
	"log/slog"

	"contacts/server"
)

// logger is the log that the settings ask for. Its lines go to to.
func (a *app) logger(to *server.Log) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.set.logLevel)); err != nil {
		return nil, a.badSetting("log-level", "debug, info, warn or error", a.set.logLevel)
	}
	switch a.set.logFormat {
	case "text":
		return to.Text(level), nil
	case "json":
		return to.JSON(level), nil
	}
	return nil, a.badSetting("log-format", "text or json", a.set.logFormat)
}
