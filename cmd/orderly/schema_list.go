package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"orderly/events"
)

// schemaListCommand lists the schemas of this build.
type schemaListCommand struct{}

// listedSchema is one version of one event as it is printed.
type listedSchema struct {
	Event       string `json:"event"`
	Version     int    `json:"version"`
	Domain      string `json:"domain"` // who says it
	Description string `json:"description"`
}

// Run runs the command.
func (schemaListCommand) Run(s *session) error {
	var listed []listedSchema
	for _, v := range events.Catalog() {
		var words struct{ Description string }
		if err := json.Unmarshal(v.Schema, &words); err != nil {
			return fmt.Errorf("the schema of %s: %w", versionName(v), err)
		}
		domain, _, _ := strings.Cut(v.Name, ".")
		listed = append(listed, listedSchema{Event: v.Name, Version: v.Version, Domain: domain, Description: words.Description})
	}
	return s.out.print(listed, func(w io.Writer) {
		fmt.Fprintln(w, "EVENT\tVERSION\tWHAT IT TELLS")
		for _, l := range listed {
			fmt.Fprintf(w, "%s\tv%d\t%s\n", l.Event, l.Version, l.Description)
		}
	})
}
