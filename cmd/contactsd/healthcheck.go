package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
)

// healthcheckTimeout bounds the whole check: what takes longer is not healthy.
const healthcheckTimeout = 10 * time.Second

func (a *app) healthcheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on this machine whether it can serve",
		Long: "Asks the server that runs on this machine with the same settings whether it can serve.\n" +
			"The exit status is 0 if it can and 1 if it cannot or does not answer.",
		Args: line.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			url, err := a.readyURL()
			if err != nil {
				return err
			}
			return a.healthcheck(cmd.Context(), url) // OPS-126
		},
	}
	a.addFlags(cmd, "listen", "tls-listen", "tls-cert", "tls-key", "acme-domains")
	return cmd
}

// readyURL is where a server with the same settings says if it is ready. A
// server that listens on all addresses is asked on the loopback address.
func (a *app) readyURL() (string, error) {
	host, port, err := net.SplitHostPort(a.set.Listen)
	if err != nil || port == "" || port == "0" {
		return "", usageErrorf("healthcheck needs the server's address as HOST:PORT, not %q", a.set.Listen)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() && ip.Is6() {
		host = "::1"
	} else if err == nil && ip.IsUnspecified() || host == "" {
		host = "127.0.0.1"
	}
	return a.set.Scheme() + "://" + net.JoinHostPort(host, port) + "/readyz", nil
}

func (a *app) healthcheck(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		// The certificate is for the public name, not for the address asked
		// here, and the request carries no secret.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, strings.TrimSpace(string(text)))
	}
	_, err = fmt.Fprint(a.stdout, string(text))
	return err
}
