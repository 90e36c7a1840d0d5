// Package client reads and writes contacts over the Contacts Data API, on
// contactsd and on any other server that speaks it.
package client
