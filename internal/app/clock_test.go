package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb/sqlite"
)

func TestClockCheck_warns_of_a_clock_that_is_wrong(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "clock.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for offset, want := range map[time.Duration]string{
		0: "", time.Second: "", -time.Second: "",
		3 * time.Minute: "3m0s ahead of the database's", -10 * time.Minute: "10m0s behind the database's",
	} {
		clock := func() time.Time { return time.Now().Add(offset) }
		err := clockCheck(db, clock)(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("a clock that is off by %s: got %v, want %q", offset, err, want)
		}
	}
}
