package observe_test

import (
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

const (
	rulesFile  = "../../deploy/prometheus/orderly.rules.yaml"
	rulesTests = "../../deploy/prometheus/orderly.rules.test.yaml"
	runbook    = "../../docs/operations.md"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tool finds one of Prometheus's programs. It skips the test where there is none,
// or fails it in CI.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") == "true":
		t.Fatalf("%v: run scripts/setup", err)
	}
	t.Skipf("SKIPPED, NOT TESTED WITH PROMETHEUS: %v: run scripts/setup", err)
	return ""
}
