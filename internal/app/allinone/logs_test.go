package allinone

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"orderly/payment/gateway"
	"orderly/pkg/logs"
)

// sink keeps a log.
type sink struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// Everything that can go well or wrong is logged, down to debug, with the fields
// of the vocabulary, and nothing of what customers sent is, but for ids.
func TestLogs_of_a_whole_run_hold_no_payload(t *testing.T) {
	t.Parallel()
	var log sink
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	s, err := Start(t.Context(), Config{
		Dir: t.TempDir(), Addr: "127.0.0.1:0", Version: "test", Policy: quick(),
		Logger: zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&log), zap.DebugLevel)),
	})
	if err != nil {
		t.Fatal(err)
	}
	stopped := sync.OnceFunc(func() { stop(t, s) })
	t.Cleanup(stopped)
	c := clientOf(t, s)
	stock(t, c)
	place := func(key, method string) {
		t.Helper()
		body := `{"customer_id":"c1","currency":"EUR","payment_method":"` + method + `","items":[{"product_id":"MUG","quantity":3}],"metadata":{"gift":"for-aunt-mary"}}`
		if _, err := c.Place(t.Context(), key, json.RawMessage(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{Outage: true}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		place(key, "pm_card_visa")
	}
	place("d", "pm_card_chargeDeclined")
	poison(t, s, "orders.created.v1.standard", `{"order_id":"no-uuid","payment_method":"pm_card_stolen","metadata":{"gift":"for-aunt-mary"}}`)
	poison(t, s, "inventory.reserved.v1.standard", `for-aunt-mary, no JSON at all`)
	post(t, s.URL()+"/v1/orders?note=for-aunt-mary", `{"customer_id":"c1","payment_method":["pm_card_stolen"],"for-aunt-mary":1}`)
	post(t, s.URL()+"/v1/orders", `for-aunt-mary`)
	wait := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if strings.Count(log.String(), `"verdict":"dead letter"`) >= 2 && strings.Contains(log.String(), "the breaker opens") {
			break
		}
		select {
		case <-tick.C:
		case <-wait:
			t.Fatal("gave up waiting for dead letters and the breaker")
		}
	}
	if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
		t.Fatal(err)
	}
	await(t, s, "all orders end", func(f families) bool {
		return sum(f["orderly_orders_total"], "status=confirmed")+sum(f["orderly_orders_total"], "status=cancelled") == 4
	})
	stopped()

	text := log.String()
	for _, secret := range []string{"pm_card", "for-aunt-mary", "gift", "Mug", "quantity"} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("the log holds %q: …%s…", secret, text[max(0, i-300):min(len(text), i+100)])
		}
	}
	handled := 0
	for line := range strings.Lines(text) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		for name := range entry {
			known := slices.ContainsFunc(logs.Fields(), func(f logs.Field) bool { return f.Name == name })
			if !known && !slices.Contains([]string{"level", "ts", "logger", "msg", "caller"}, name) {
				t.Errorf("the field %s is not in the vocabulary: %s", name, line)
			}
		}
		if entry["msg"] == "input was handled" && entry["service"] == "payment" && entry["event_type"] == "orderly.inventory.reserved.v1" {
			handled++
			for _, name := range []string{"event_id", "order_id", "correlation_id", "consumer", "duration_ms"} {
				if entry[name] == nil || entry[name] == "" {
					t.Errorf("%s is missing: %s", name, line)
				}
			}
		}
	}
	if handled < 4 {
		t.Errorf("payment logged %d inventory.reserved as handled, want one for each of 4 orders", handled)
	}
}

// poison publishes a message that nobody can read.
func poison(t *testing.T, s *System, subject, payload string) {
	t.Helper()
	m := nats.NewMsg(subject)
	m.Data = []byte(payload)
	for name, value := range map[string]string{
		"ce-specversion": "1.0", "ce-id": "evil-1", "ce-source": "test", "ce-type": "orderly." + strings.TrimSuffix(subject, ".standard"), "ce-subject": "no-uuid",
		"ce-time": "2026-01-01T00:00:00Z", "content-type": "application/json",
	} {
		m.Header.Set(name, value)
	}
	if _, err := s.bus.JetStream().PublishMsg(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func post(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
}
