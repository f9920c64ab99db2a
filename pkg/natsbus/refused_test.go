package natsbus_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"orderly/pkg/natsbus"
)

// What waiting does not cure is said at once, without the password.
func TestConnect_says_at_once_that_it_is_refused(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, Username: "orderly", Password: "right"})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	address := strings.TrimPrefix(srv.ClientURL(), "nats://")
	for name, test := range map[string]struct {
		cfg  natsbus.Config
		want string
	}{
		"password":    {natsbus.Config{URL: "nats://orderly:secret@" + address}, "check the user and password"},
		"no user":     {natsbus.Config{URL: "nats://" + address}, "check the user and password"},
		"no TLS":      {natsbus.Config{URL: "tls://orderly:secret@" + address}, "TLS does not come about"},
		"credentials": {natsbus.Config{URL: "nats://" + address, Options: []nats.Option{nats.UserCredentials(filepath.Join(t.TempDir(), "none"))}}, "credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, retried := signalling("NATS does not answer yet")
			test.cfg.Logger = log
			_, err := natsbus.Connect(testContext(t), test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if len(retried) > 0 {
				t.Error("it tried again")
			}
		})
	}
}
