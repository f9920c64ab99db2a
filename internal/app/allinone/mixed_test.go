package allinone

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderly/pkg/sqldb"
)

// A file that was put in another's place is refused, by both names, and the
// system starts again once each is where it was.
func TestStart_refuses_files_that_were_mixed_up(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick()})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	for _, pair := range [][2]string{{"order", "inventory"}, {"payment", "gateway"}} {
		swap(t, dir, pair)
		_, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick()})
		if !errors.Is(err, sqldb.ErrOwner) || !strings.Contains(err.Error(), `"`+pair[0]+`"`) || !strings.Contains(err.Error(), `"`+pair[1]+`"`) {
			t.Errorf("got %v, want an error that names %s and %s", err, pair[0], pair[1])
		}
		swap(t, dir, pair)
	}
	startIn(t, dir)
}

func swap(t *testing.T, dir string, pair [2]string) {
	t.Helper()
	aside := filepath.Join(dir, "aside")
	for _, move := range [][2]string{{databaseFile(dir, pair[0]), aside}, {databaseFile(dir, pair[1]), databaseFile(dir, pair[0])}, {aside, databaseFile(dir, pair[1])}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
}
