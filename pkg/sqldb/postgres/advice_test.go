package postgres_test

import (
	"net/url"
	"strings"
	"testing"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb/postgres"
)

const password = "hunter2"

// changed is a DSN with other parameters; an empty value takes one out.
func changed(t *testing.T, dsn string, params map[string]string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for name, value := range params {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func wantRefusal(t *testing.T, dsn string, words ...string) {
	t.Helper()
	_, err := postgres.Open(t.Context(), dsn)
	if err == nil {
		t.Fatalf("%s was accepted", dsn)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want something with %q", err, w)
		}
	}
	if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want one line without the password", err)
	}
}

func TestOpen_says_what_to_do_about_a_wrong_DSN(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, pgtest.Options{Password: password})
	dsn := server.DSN("postgres")
	server.Exec("CREATE DATABASE closed")
	server.Exec("REVOKE CONNECT ON DATABASE closed FROM public")
	server.Exec("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	server.Exec("CREATE ROLE shop LOGIN PASSWORD '" + password + "'")
	asShop := strings.Replace(dsn, "postgres:"+password+"@", "shop:"+password+"@", 1)
	for name, c := range map[string]struct {
		dsn   string
		words []string
	}{
		"password":         {strings.Replace(dsn, password, "guess", 1), []string{`"postgres"`, "password authentication failed", "user and password in the DSN"}},
		"no such role":     {strings.Replace(dsn, "postgres:"+password, "nobody:"+password, 1), []string{"user and password in the DSN"}},
		"no such database": {server.DSN("missing"), []string{`"missing"`, "does not exist", "CREATE DATABASE"}},
		"encoding":         {server.DSN("latin"), []string{"LATIN1", "ENCODING 'UTF8'"}},
		"no grant":         {strings.Replace(asShop, "/postgres?", "/closed?", 1), []string{"permission denied", "GRANT"}},
		"port":             {"postgres://shop:" + password + "@127.0.0.1:1/orders", []string{"127.0.0.1", "refused", "is the server up?"}},
		"host":             {"postgres://shop:" + password + "@orders.invalid/orders", []string{"orders.invalid", "host in the DSN"}},
		"no TLS":           {changed(t, dsn, map[string]string{"sslmode": "require"}), []string{"does not speak TLS", "sslmode=disable"}},
		"parameter":        {changed(t, dsn, map[string]string{"statment_timeout": "5s"}), []string{"statment_timeout", "parameter that neither"}},
		"nonsense":         {"nonsense", []string{"DSN"}},
		"@ in a password":  {"postgres://shop:a@" + password + "@127.0.0.1/orders", []string{"%40"}},
		"/ in a password":  {"postgres://shop:a/" + password + "@127.0.0.1/orders", []string{"%2F"}},
		"pool":             {changed(t, dsn, map[string]string{"pool_max_conns": "5"}), []string{"pool_max_conns is not known", "pool_write_conns"}},
		"pool size":        {changed(t, dsn, map[string]string{"pool_read_conns": "0"}), []string{"pool_read_conns", "1 or more"}},
		"pool time":        {changed(t, dsn, map[string]string{"pool_max_conn_lifetime": "long"}), []string{"pool_max_conn_lifetime", "30m"}},
		"no primary":       {changed(t, dsn, map[string]string{"target_session_attrs": "read-write", "default_transaction_read_only": "on"}), []string{"target_session_attrs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, c.dsn, c.words...)
		})
	}
}
