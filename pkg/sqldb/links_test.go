package sqldb_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A service that runs on PostgreSQL must not carry SQLite, and the other way
// round.
func TestPackages_link_only_their_own_driver(t *testing.T) {
	t.Parallel()
	const lite, pg = "modernc.org/sqlite", "github.com/jackc/pgx"
	tests := map[string]struct{ has, not []string }{
		"orderly/pkg/sqldb":          {nil, []string{lite, pg}},
		"orderly/pkg/sqldb/sqlite":   {[]string{lite}, []string{pg}},
		"orderly/pkg/sqldb/postgres": {[]string{pg}, []string{lite}},
	}
	for pkg, want := range tests {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, out)
		}
		for _, dependency := range want.has {
			if !strings.Contains(string(out), dependency) {
				t.Errorf("%s does not link %s", pkg, dependency)
			}
		}
		for _, dependency := range want.not {
			if strings.Contains(string(out), dependency) {
				t.Errorf("%s links %s", pkg, dependency)
			}
		}
	}
}
