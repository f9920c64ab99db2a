package standalone_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"orderly/internal/pgtest"
	"orderly/internal/shop"
	"orderly/internal/verify"
)

// guarded is a NATS server that lets in the users that the operator's command
// prints, and nobody else. It returns a user's URL.
func guarded(t *testing.T, dir string) (url func(user string) string) {
	t.Helper()
	code, block := run(t, nil, filepath.Join(dir, "orderly"), "topology", "permissions", "--include", "passwords.conf")
	wants(t, "topology permissions", code, block, 0, "user: order,", "user: operator,")
	var passwords strings.Builder
	for _, user := range []string{"order", "inventory", "payment", "operator"} {
		fmt.Fprintf(&passwords, "NATS_%s_PASSWORD: %q\n", strings.ToUpper(user), "secret-"+user)
	}
	home := t.TempDir()
	for name, text := range map[string]string{
		"passwords.conf":   passwords.String(),
		"permissions.conf": block,
		"nats.conf":        fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream { store_dir: %q }\ninclude permissions.conf\n", filepath.Join(home, "store")),
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts, err := server.ProcessConfigFile(filepath.Join(home, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	opts.NoSigs = true
	broker, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	t.Cleanup(func() { broker.Shutdown(); broker.WaitForShutdown() })
	if !broker.ReadyForConnections(limit) {
		t.Fatal("the server is not ready")
	}
	address := strings.TrimPrefix(broker.ClientURL(), "nats://")
	return func(user string) string { return "nats://" + user + ":secret-" + user + "@" + address }
}

// Each service, as its own user of NATS, can do all that it does, in any version
// of the events, and nothing that another does.
func testPermissions(t *testing.T, dir string) {
	url := guarded(t, dir)
	code, out := run(t, []string{"ORDERLY_NATS_URL=" + url("operator")}, filepath.Join(dir, "orderly"), "topology", "apply")
	wants(t, "topology apply", code, out, 0, "created", "stream ORDERS")
	code, out = run(t, []string{"ORDERLY_NATS_URL=" + url("operator")}, filepath.Join(dir, "orderly"), "topology", "diff")
	wants(t, "topology diff", code, out, 0, "no drift")

	services := make(map[string]*service)
	for _, name := range names() {
		user := strings.TrimSuffix(name, "-service")
		services[name] = start(t, filepath.Join(dir, name), "ORDERLY_NATS_URL="+url(user), "ORDERLY_DATABASE_URL="+pgtest.DSN(t), "ORDERLY_READ=orders.created.v2")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	inventory := services["inventory-service"].client(t)
	if _, err := shop.Load(ctx, inventory, strings.NewReader("product_id,name,currency,unit_price_minor,stock\nMUG,Mug,EUR,250,10\n"), nil); err != nil {
		t.Fatal(err)
	}
	orders := services["order-service"].client(t)
	placeAndAwait(ctx, t, orders, "guarded")
	if readers, err := orders.Versions(ctx, "orders.created"); err != nil || len(readers.Readers) == 0 {
		t.Errorf("who reads: %+v, %v", readers, err)
	}
	bury(t, url("order"), url("operator"))
	report, err := verify.Run(ctx, verify.Options{
		URL: orders.URL(), InventoryURL: inventory.URL(), PaymentURL: services["payment-service"].client(t).URL(), Wait: limit,
	})
	if err != nil || report.Confirmed != 1 || report.Events == 0 {
		t.Errorf("the audit: %+v, %v", report, err)
	}
	for name, s := range services {
		s.stop(t)
		if log := s.log.String(); strings.Contains(strings.ToLower(log), "permission") {
			t.Errorf("%s was refused something:\n%s", name, log)
		}
	}
	testForgery(t, url)
}

// bury gives the inventory service what it cannot read, and waits for it to be
// among the dead letters.
func bury(t *testing.T, order, operator string) {
	t.Helper()
	nc := guest(t, order)
	if err := nc.Publish("orders.created.v2.standard", []byte("no event")); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	js, err := guest(t, operator, nats.CustomInboxPrefix("_INBOX.operator")).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		info, err := js.StreamInfo("DLQ")
		if err == nil && info.State.Msgs > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no dead letter: %+v, %v", info, err)
		}
	}
}

// testForgery tries what no service may: to say what another says, to take what
// another is to hear, to listen to another's answers.
func testForgery(t *testing.T, url func(user string) string) {
	t.Helper()
	for _, try := range []struct{ user, verb, subject string }{
		{"inventory", "publish", "payments.captured.v1.standard"},
		{"order", "publish", "payments.captured.v1.express"},
		{"payment", "publish", "orders.confirmed.v1.standard"},
		{"payment", "publish", "payments.captured.v9.standard"},
		{"payment", "publish", "dlq.order.unreadable"},
		{"order", "publish", "$JS.API.CONSUMER.MSG.NEXT.ORDERS.inventory-orders-standard"},
		{"order", "publish", "$JS.API.CONSUMER.DELETE.INVENTORY.payment-inventory-express"},
		{"order", "publish", "$JS.API.CONSUMER.CREATE.ORDERS.inventory-orders-standard.orders.*.v1.standard"},
		{"inventory", "publish", "$JS.API.STREAM.DELETE.ORDERS"},
		{"inventory", "publish", "$JS.API.STREAM.UPDATE.ORDERS"},
		{"inventory", "publish", "$JS.ACK.INVENTORY.order-inventory-standard.1.1.1.1.0"},
		{"operator", "publish", "orders.created.v1.standard"},
		{"inventory", "subscribe", "payments.>"},
		{"inventory", "subscribe", "_INBOX.order.>"},
		{"payment", "subscribe", ">"},
	} {
		refused := make(chan error, 1)
		nc := guest(t, url(try.user), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			select {
			case refused <- err:
			default:
			}
		}))
		var err error
		if try.verb == "publish" {
			err = nc.Publish(try.subject, nil)
		} else {
			_, err = nc.SubscribeSync(try.subject)
		}
		if err == nil {
			err = nc.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !strings.Contains(strings.ToLower(err.Error()), "permissions violation for "+map[string]string{"publish": "publish", "subscribe": "subscription"}[try.verb]) {
				t.Errorf("%s may not %s on %s: %v", try.user, try.verb, try.subject, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s may %s on %s", try.user, try.verb, try.subject)
		}
	}
}

func guest(t *testing.T, url string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}
