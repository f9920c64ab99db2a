package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

const root = "../.."

// TestPayloadsAreOfTheNewestVersion finds who still says or expects an older version of
// an event, which would be refused where it is sealed: programs know the newest.
func TestPayloadsAreOfTheNewestVersion(t *testing.T) {
	t.Parallel()
	older := olderTypes(t, filepath.Join(root, "events"))
	if len(older) == 0 {
		t.Fatal("no event has an older version: orders.created has")
	}
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && slices.Contains([]string{filepath.Join(root, "events"), filepath.Join(root, ".git")}, path) {
			return skipOr(err)
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, use := range uses(file, older) {
			t.Errorf("%s: %s is an older version of an event: use the newest", files.Position(use.Pos()), use.Sel.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func skipOr(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// olderTypes are the payloads of package events that have a newer version.
func olderTypes(t *testing.T, dir string) (types []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	name, newest, versions := map[string]string{}, map[string]int{}, map[string]int{} // by type, by event, by type
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`func \(v (\w+)\) EventName\(\) string { return (\w+) }`).FindAllStringSubmatch(string(text), -1) {
			name[m[1]] = m[2]
		}
		for _, m := range regexp.MustCompile(`func \(v (\w+)\) EventVersion\(\) int { return (\d+) }`).FindAllStringSubmatch(string(text), -1) {
			versions[m[1]], _ = strconv.Atoi(m[2]) // digits
		}
	}
	for of, version := range versions {
		newest[name[of]] = max(newest[name[of]], version)
	}
	for of, version := range versions {
		if version < newest[name[of]] {
			types = append(types, of)
		}
	}
	return types
}

// uses are where a file names one of the types of package events.
func uses(file *ast.File, types []string) (found []*ast.SelectorExpr) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && fmt.Sprint(s.X) == "events" && slices.Contains(types, s.Sel.Name) {
			found = append(found, s)
		}
		return true
	})
	return found
}
