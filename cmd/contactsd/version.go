package main

// The build sets these.
var (
	version = "dev"     // the tag that the source has, if it has one
	commit  = "unknown" // the commit it is, with -dirty if it was changed
)
