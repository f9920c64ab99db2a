package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderly/internal/pgtest"
)

// certificate makes one that signs itself, for 127.0.0.1.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
}

func TestOpen_with_TLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	server := pgtest.Private(t, pgtest.Options{
		Password: password,
		Settings: []string{"ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"},
		Files:    map[string][]byte{"server.crt": cert, "server.key": key},
	})
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	dsn := server.DSN("postgres")
	db := mustOpen(t, changed(t, dsn, map[string]string{"sslmode": "verify-full", "sslrootcert": authority}))
	var encrypted bool
	err := db.Reader().QueryRowContext(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted)
	if err != nil || !encrypted {
		t.Errorf("encrypted: %v, %v", encrypted, err)
	}
	wantRefusal(t, changed(t, dsn, map[string]string{"sslmode": "verify-full"}), "sslrootcert=FILE")
	elsewhere := strings.Replace(dsn, "127.0.0.1", "localhost", 1)
	wantRefusal(t, changed(t, elsewhere, map[string]string{"sslmode": "verify-full", "sslrootcert": authority}), "another name")
}
