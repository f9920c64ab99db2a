package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"orderly/internal/contract"
)

// schemaPublishCommand adds to the record of what is published.
type schemaPublishCommand struct{ contractFlags }

// published is what was recorded, as it is printed.
type published struct {
	File  string   `json:"file"`
	Added []string `json:"added"`
}

// Run runs the command.
func (c *schemaPublishCommand) Run(s *session) error {
	folder, err := c.load()
	if err != nil {
		return err
	}
	record, added, err := contract.Publish(folder)
	if err != nil {
		return err
	}
	file := filepath.Join(c.Dir, contract.RecordFile)
	if len(added) > 0 {
		content, err := record.Encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return s.out.print(published{File: file, Added: orEmpty(added)}, func(w io.Writer) {
		for _, a := range added {
			fmt.Fprintf(w, "recorded\t%s\n", a)
		}
		if len(added) == 0 {
			fmt.Fprintln(w, "nothing is new: all is recorded")
		} else {
			fmt.Fprintf(w, "commit %s together with them\n", file)
		}
	})
}
