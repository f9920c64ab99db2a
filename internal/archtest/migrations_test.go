package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// adds are the statements that a build which does not know of them can live with.
var adds = regexp.MustCompile(`(?is)^(CREATE TABLE\b.*|CREATE INDEX\b.*|ALTER TABLE \w+(\s+ADD COLUMN \w+ [^,]*\bDEFAULT\b[^,]*,?)+)$`)

// older is from before the rule.
const older = "payment/gateway/migrations/"

// G7: a migration that does not begin a hundred only adds, so that the build before
// it can be rolled back to.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".sql" || !strings.Contains(path, "/migrations/") {
			return err
		}
		number, err := strconv.Atoi(strings.SplitN(d.Name(), "_", 2)[0])
		if err != nil {
			return err
		}
		found++
		content, err := os.ReadFile(path)
		if err != nil || number == 1 || number%100 == 0 || number == 2 && strings.Contains(path, older) {
			return err
		}
		for _, statement := range statements(string(content)) {
			if !adds.MatchString(statement) {
				t.Errorf("%s: a build from before it may not work with the database: %s", path, statement)
			}
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("%d migrations, %v", found, err)
	}
}

// statements are those of a migration, without comments.
func statements(content string) []string {
	var all []string
	for part := range strings.SplitSeq(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(content, ""), ";") {
		if s := strings.TrimSpace(part); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func TestWhatOnlyAdds(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]bool{
		"CREATE TABLE a (b int)":                            true,
		"CREATE INDEX a ON b (c)":                           true,
		"CREATE UNIQUE INDEX a ON b (c)":                    false,
		"ALTER TABLE a ADD COLUMN b text DEFAULT ''":        true,
		"ALTER TABLE a ADD COLUMN b text NOT NULL":          false,
		"ALTER TABLE a DROP COLUMN b":                       false,
		"ALTER TABLE a RENAME TO b":                         false,
		"DELETE FROM a":                                     false,
		"ALTER TABLE a ADD COLUMN b int DEFAULT 0, DROP c":  false,
		"ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0": true,
	} {
		if got := adds.MatchString(statement); got != want {
			t.Errorf("%s: %t, want %t", statement, got, want)
		}
	}
}
