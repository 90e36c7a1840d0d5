package auth

// RedirectOf is where the browser is sent with a code and a state, if a
// program with these redirect URIs may ask for uri at all.
func RedirectOf(registered []string, uri, state string) (location string, ok bool) {
	a := app{ID: "x", RedirectURIs: registered}
	if !a.redirectsTo(uri) {
		return "", false
	}
	back := oauth2Return{uri: uri, state: state, hasState: true}
	return back.location("code", "the code"), true
}
