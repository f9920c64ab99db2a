package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"orderly/pkg/schema"
)

// schemaDiffCommand compares two schemas.
type schemaDiffCommand struct {
	A string `arg:"" help:"The older schema: a file, or a version that this build knows, as orders.created.v1."`
	B string `arg:"" help:"The newer one."`
}

// shownDiff is a comparison as it is printed.
type shownDiff struct {
	Verdict schema.Verdict `json:"verdict"`
	Changes schema.Changes `json:"changes"`
}

// Run runs the command.
func (c *schemaDiffCommand) Run(s *session) error {
	before, err := namedSchema(c.A)
	if err != nil {
		return err
	}
	after, err := namedSchema(c.B)
	if err != nil {
		return err
	}
	changes := schema.Compare(before, after)
	shown := shownDiff{Verdict: changes.Verdict(), Changes: orEmpty(changes)}
	return s.out.print(shown, func(w io.Writer) {
		fmt.Fprintln(w, shown.Verdict)
		changesText(w, "  ", shown.Changes)
	})
}

// namedSchema reads a file, or else takes a schema of this build.
func namedSchema(name string) (*schema.Schema, error) {
	content, err := schemaText(name)
	if err != nil {
		return nil, err
	}
	parsed, err := schema.Parse(content)
	if err != nil {
		return nil, usage("%s: not a schema that can be compared: %w", name, err)
	}
	return parsed, nil
}

func schemaText(name string) ([]byte, error) {
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		return readAll(name, schema.MaxSize)
	}
	v, err := knownSchema(name)
	if err != nil {
		return nil, fmt.Errorf("there is no such file, and %w", err)
	}
	return v.Schema, nil
}
