package main

import (
	"fmt"
	"net"
	"strings"

	"contacts/server"
)

// printStandIn says how programs come to a server that stands in for the hosts
// that they have built in (STAND-42). What follows the introduction is a shell
// script: any of its paragraphs can be pasted.
func (a *app) printStandIn(st *server.StandIn) {
	fmt.Fprintf(a.stdout, "\n# Standing in for %s", strings.Join(st.Hosts, ", "))
	if st.TLS != nil {
		fmt.Fprintf(a.stdout, "\n# on https://%s", reachable(st.TLS.(*net.TCPAddr)))
	}
	fmt.Fprintf(a.stdout, "\n# with certificates that a program accepts if it trusts %s\n", st.Authority)
	if st.Proxy == nil {
		return
	}
	proxy := st.Proxy.(*net.TCPAddr)
	for _, p := range standInSettings(reachable(proxy), st.Authority) {
		fmt.Fprintf(a.stdout, "\n# %s\n%s\n", p.client, p.lines)
	}
}

// A clientSettings is what brings the programs of one kind to a stand-in.
type clientSettings struct{ client, lines string }

// standInSettings are lines for a shell, given the address of the proxy and
// the file of the authority.
func standInSettings(proxy, authority string) []clientSettings {
	host, port, _ := net.SplitHostPort(proxy)
	file := shellQuote(authority)
	export := "export https_proxy=http://" + proxy + " http_proxy=http://" + proxy + " no_proxy=localhost,127.0.0.1 "
	java := fmt.Sprintf("-Dhttps.proxyHost=%[1]s -Dhttps.proxyPort=%[2]s -Dhttp.proxyHost=%[1]s -Dhttp.proxyPort=%[2]s "+
		"-Djavax.net.ssl.trustStore=stand-in.p12 -Djavax.net.ssl.trustStorePassword=changeit", host, port)
	return []clientSettings{
		{"curl", export + "CURL_CA_BUNDLE=" + file},
		{"Python: urllib and http.client, requests, httplib2", export + "SSL_CERT_FILE=" + file + " REQUESTS_CA_BUNDLE=" + file +
			" HTTPLIB2_CA_CERTS=" + file},
		{"Java: a store for this one authority, in the current folder, and what java takes from the environment",
			"keytool -importcert -noprompt -alias stand-in -file " + file + " -keystore stand-in.p12 -storetype PKCS12 -storepass changeit\n" +
				"export JAVA_TOOL_OPTIONS=" + shellQuote(java)},
		{".NET on Linux (on Windows: certutil -user -addstore Root authority.pem)", export + "SSL_CERT_FILE=" + file},
		{"Node 22.21, 24.5 and later (docs/stand-in.md tells about older ones)", export + "NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS=" + file},
		{"Go", export + "SSL_CERT_FILE=" + file},
	}
}
