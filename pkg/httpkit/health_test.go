package httpkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"orderly/pkg/httpkit"
)

func ask(t *testing.T, h *httpkit.Health, path string) (int, httpkit.Report) {
	t.Helper()
	mux := http.NewServeMux()
	h.Register(mux)
	res := send(mux, http.MethodGet, path, "")
	var report httpkit.Report
	if err := json.Unmarshal([]byte(read(t, res)), &report); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, report
}

func well(context.Context) error { return nil }

func TestHealth(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHealth()
	h.Ready("nats", well)
	h.Live("loop", well)
	for _, path := range []string{"/health", "/readyz", "/livez"} {
		if status, report := ask(t, h, path); status != http.StatusOK || report.Status != "ok" || len(report.Checks) != 1 {
			t.Errorf("%s: %d %+v", path, status, report)
		}
	}
	h.Ready("order-database", func(context.Context) error { return errors.New("it is away") })
	h.Ready("broken", func(context.Context) error { panic("oh") })
	for _, path := range []string{"/health", "/readyz"} {
		status, report := ask(t, h, path)
		if status != http.StatusServiceUnavailable || report.Status != "unavailable" {
			t.Errorf("%s: %d %q", path, status, report.Status)
		}
		want := map[string]httpkit.Result{
			"nats":           {Status: "ok"},
			"order-database": {Status: "failed", Error: "it is away"},
			"broken":         {Status: "failed", Error: "the check panicked: oh"},
		}
		for name, result := range want {
			if report.Checks[name] != result {
				t.Errorf("%s: %s is %+v, want %+v", path, name, report.Checks[name], result)
			}
		}
	}
	if status, _ := ask(t, h, "/livez"); status != http.StatusOK {
		t.Errorf("/livez: %d: it must not look outside", status)
	}
}

func TestShuttingDownIsNotReadyButAlive(t *testing.T) {
	t.Parallel()
	h := httpkit.NewHealth()
	h.ShuttingDown()
	for path, want := range map[string]int{"/health": 503, "/readyz": 503, "/livez": 200} {
		if status, _ := ask(t, h, path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

// A check that hangs fails in time, and is not started a second time.
func TestHangingCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		hang := make(chan struct{})
		h := httpkit.NewHealth()
		h.Ready("disk", func(context.Context) error {
			calls.Add(1)
			<-hang
			return nil
		})
		for range 3 {
			status, report := ask(t, h, "/health")
			if status != http.StatusServiceUnavailable || report.Checks["disk"].Error != "no answer within 2s" {
				t.Errorf("%d %+v", status, report)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d checks at a time, want 1", n)
		}
		close(hang)
		synctest.Wait()
		if status, report := ask(t, h, "/health"); status != http.StatusOK {
			t.Errorf("after it answered: %d %+v", status, report)
		}
	})
}
