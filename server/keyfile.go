package server

import "encoding/json"

// A keyFile is what a service account signs in with, in the form that Google's
// client libraries read.
type keyFile struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"` // PKCS #8, PEM
	ClientEmail  string `json:"client_email"`
	ClientID     string `json:"client_id"`
	AuthURI      string `json:"auth_uri"`
	TokenURI     string `json:"token_uri"`
}

// The addresses of the original service, which the stand-in answers for.
const (
	originalAuthURI  = "https://accounts.google.com/o/oauth2/auth"
	originalTokenURI = "https://oauth2.googleapis.com/token"
)

// KeyFile is the key file of a service account, as JSON. It leads to
// Config.PublicURL or, without one, to the host of the original service, for
// which the stand-in answers.
func (s *Server) KeyFile(a App, secret Secret) ([]byte, error) {
	f := keyFile{
		Type:         "service_account",
		ProjectID:    "contactsd",
		PrivateKeyID: secret.KeyID,
		PrivateKey:   string(secret.PrivateKey),
		ClientEmail:  a.ServiceEmail,
		ClientID:     a.ID,
		AuthURI:      originalAuthURI,
		TokenURI:     originalTokenURI,
	}
	if base := s.config.PublicURL; base != "" {
		f.AuthURI, f.TokenURI = base+"/o/oauth2/auth", base+"/token"
	}
	b, err := json.MarshalIndent(f, "", "  ") // AUTH-122
	return append(b, '\n'), err
}
