package server

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of an authority, in the folder of the data directory.
const (
	authorityFolder = "stand-in"
	authorityFile   = "authority.pem" // what clients trust
	signerFile      = "signer.pem"    // what signs: a certificate and its key
)

// How long certificates last.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	leafRenewal   = 30 * 24 * time.Hour // before its end
	clockSkew     = 24 * time.Hour      // by which a client's clock may be slow
)

// Every authority may name these besides its hosts, for programs and people
// that ask this machine without the proxy.
const localName = "localhost"

var localAddresses = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}

// An authority signs the certificates of a server that stands in for others.
// Clients trust root, whose key nobody has. It has signed the one certificate
// of signer, whose key is kept.
type authority struct {
	dir          string
	root, signer *x509.Certificate
	key          crypto.Signer // of signer
}

// openAuthority returns the authority of a data directory. If there is none it
// makes one that is limited to hosts, and says so.
func openAuthority(data string, hosts []string, now time.Time) (a *authority, made bool, err error) {
	dir := filepath.Join(data, authorityFolder)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if made, err = makeAuthority(data, dir, hosts, now); err != nil {
			return nil, false, fmt.Errorf("make the authority of the stand-in: %w", err)
		}
	}
	if a, err = readAuthority(dir, now); err != nil { // STAND-2
		return nil, false, err
	}
	for _, h := range hosts {
		if !a.permits(h) { // STAND-6
			return nil, false, invalid("stand_in_host", "the authority in %s must not name %s. Clients trust that very authority, so it is "+
				"not replaced by itself: remove the folder and give the new %s to all clients, or leave the host out", dir, h, authorityFile)
		}
	}
	return a, made, nil
}

// makeAuthority makes the folder dir with all its files, or finds that another
// server has made it meanwhile.
func makeAuthority(data, dir string, hosts []string, now time.Time) (made bool, err error) {
	root, signer, key, err := newAuthority(hosts, now)
	if err != nil {
		return false, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return false, err
	}
	temp, err := os.MkdirTemp(data, "."+authorityFolder+"-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(temp) // nothing is there after the renaming
	certificate := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	signing := append(certificate(signer), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	err = errors.Join(
		writeSynced(filepath.Join(temp, authorityFile), certificate(root), 0o644),
		writeSynced(filepath.Join(temp, signerFile), signing, 0o600), // STAND-2
		os.Chmod(temp, 0o755),
	)
	if err != nil {
		return false, err
	}
	// A folder with files is not replaced: of two servers the second fails here.
	if err := os.Rename(temp, dir); err != nil && !errors.Is(err, fs.ErrExist) { // STAND-2
		return false, err
	} else if err != nil {
		return false, nil
	}
	return true, syncFolder(data)
}

// newAuthority is a new root, limited to hosts, and its only signer, as DER,
// with the key of the signer.
func newAuthority(hosts []string, now time.Time) (root, signer []byte, key *ecdsa.PrivateKey, err error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // STAND-4: kept nowhere
	if err != nil {
		return nil, nil, nil, err
	}
	key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, err
	}
	var mark [4]byte // tells the authorities of two servers apart in one list
	rand.Read(mark[:])
	name := "Contacts stand-in " + hex.EncodeToString(mark[:])
	template := x509.Certificate{
		Subject:                     pkix.Name{CommonName: name},
		NotBefore:                   now.Add(-clockSkew),
		NotAfter:                    now.Add(authorityLife),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLen:                  1,
		KeyUsage:                    x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, // STAND-3
		PermittedDNSDomains:         append([]string{localName}, hosts...),
	}
	for _, ip := range localAddresses { // without one of them, every address would be permitted
		bits := 8 * len(ip)
		template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}) // STAND-3
	}
	root, err = x509.CreateCertificate(rand.Reader, &template, &template, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, nil, nil, err
	}
	parent, err := x509.ParseCertificate(root)
	if err != nil {
		return nil, nil, nil, err
	}
	template.Subject = pkix.Name{CommonName: name + " signer"}
	template.MaxPathLen, template.MaxPathLenZero = 0, true                                        // STAND-4
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}                         // STAND-3
	signer, err = x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, rootKey) // STAND-4
	return root, signer, key, err
}

// readAuthority reads what makeAuthority wrote.
func readAuthority(dir string, now time.Time) (*authority, error) {
	a := &authority{dir: dir}
	rootBlocks, err := readPEM(a.file(), "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	signing := filepath.Join(dir, signerFile)
	signerBlocks, err := readPEM(signing, "CERTIFICATE", "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(signing)
	if err != nil {
		return nil, err
	}
	if err := private(signing, info); err != nil {
		return nil, err // STAND-2
	}
	damaged := func(file string, err error) error { // STAND-7
		return fmt.Errorf("%s is damaged: %w. Restore it, or remove the folder %s for a new authority, which all clients then need", file, err, dir)
	}
	if a.root, err = x509.ParseCertificate(rootBlocks[0]); err != nil {
		return nil, damaged(a.file(), err)
	}
	if a.signer, err = x509.ParseCertificate(signerBlocks[0]); err != nil {
		return nil, damaged(signing, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(signerBlocks[1])
	if err != nil {
		return nil, damaged(signing, errors.New("its key cannot be read")) // the cause might quote the key
	}
	ecKey, ok := key.(*ecdsa.PrivateKey)
	if !ok || !ecKey.PublicKey.Equal(a.signer.PublicKey) {
		return nil, damaged(signing, errors.New("its key is not that of its certificate"))
	}
	a.key = ecKey
	if err := a.signer.CheckSignatureFrom(a.root); err != nil {
		return nil, damaged(signing, fmt.Errorf("%s has not signed it: %w", authorityFile, err))
	}
	for _, c := range []*x509.Certificate{a.root, a.signer} {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) { // STAND-7
			return nil, fmt.Errorf("the authority in %s holds from %s to %s: remove the folder for a new one, which all clients then need",
				dir, c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		}
	}
	return a, nil
}

// file is the certificate that clients trust.
func (a *authority) file() string { return filepath.Join(a.dir, authorityFile) }

// permits reports whether certificates of the authority may name host.
func (a *authority) permits(host string) bool {
	for _, d := range a.signer.PermittedDNSDomains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// leaf makes a certificate for hosts and this machine, with a new key. It ends
// with the signer at the latest.
func (a *authority) leaf(hosts []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	end := now.Add(leafLife)
	if end.After(a.signer.NotAfter) {
		end = a.signer.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		DNSNames:    append([]string{localName}, hosts...), // STAND-5
		IPAddresses: localAddresses,
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    end,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.signer, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.signer.Raw}, PrivateKey: key, Leaf: parsed}, nil
}

// readPEM reads a file that begins with these PEM blocks.
func readPEM(file string, types ...string) ([][]byte, error) {
	rest, err := os.ReadFile(file)
	if err != nil { // STAND-7
		return nil, fmt.Errorf("read the authority of the stand-in: %w. Restore the file, or remove the folder %s for a new authority, "+
			"which all clients then need", err, filepath.Dir(file))
	}
	var blocks [][]byte
	for _, want := range types {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil || b.Type != want { // STAND-7
			return nil, fmt.Errorf("%s is damaged: it has no %s where it should. Restore it, or remove the folder %s for a new authority, "+
				"which all clients then need", file, want, filepath.Dir(file))
		}
		blocks = append(blocks, b.Bytes)
	}
	return blocks, nil
}

// writeSynced writes a new file that survives a power failure once its folder
// is synced too.
func writeSynced(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()) // the mode whatever the umask
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
