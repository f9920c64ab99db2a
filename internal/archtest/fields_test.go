package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orderly/pkg/logs"
)

// TestFieldsOfLogs: a field of a log has a name of the vocabulary, so that one
// search finds all that was said of an order.
func TestFieldsOfLogs(t *testing.T) {
	t.Parallel()
	var known []string
	for _, f := range logs.Fields() {
		known = append(known, f.Name)
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "peers" || len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := fieldName(n); ok && !slices.Contains(known, name) {
				t.Errorf("%s: the field %q is not in the vocabulary of pkg/logs: use a word that is, or add it with what it means", set.Position(n.Pos()), name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fieldName returns the name that a call of zap's or of logs' makes a field with.
func fieldName(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return "", false
	}
	made, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	if from, ok := made.X.(*ast.Ident); !ok || from.Name != "zap" && from.Name != "logs" {
		return "", false
	}
	text, ok := call.Args[0].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return "", false
	}
	name, err := strconv.Unquote(text.Value)
	return name, err == nil
}
