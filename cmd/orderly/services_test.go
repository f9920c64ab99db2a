package main_test

import (
	"strings"
	"testing"
)

// Who runs is listed with how it is, over HTTP alone.
func TestServices(t *testing.T) {
	t.Parallel()
	_, url := up(t, "--data", t.TempDir(), "--http", "127.0.0.1:0")
	var said result
	waitUntil(t, "all are ready", func() bool {
		said = orderly(t, "services", "--url", url)
		return said.code == 0
	})
	for _, want := range []string{"SERVICE", "inventory", "order", "payment", "ready"} {
		if !strings.Contains(said.stdout, want) {
			t.Errorf("it says\n%s, want %q", said.stdout, want)
		}
	}
	orderly(t, "healthcheck", "--url", url).wants(t, 0)
	orderly(t, "healthcheck", "--url", "http://127.0.0.1:1").wants(t, 1)
}
