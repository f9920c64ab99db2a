package main

import (
	"encoding/json"
	"io"
)

// schemaShowCommand prints one schema.
type schemaShowCommand struct {
	Name string `arg:"" help:"An event, as orders.created, or one of its versions, as orders.created.v1."`
}

// Run runs the command.
func (c *schemaShowCommand) Run(s *session) error {
	v, err := knownSchema(c.Name)
	if err != nil {
		return err
	}
	return s.out.print(json.RawMessage(v.Schema), func(w io.Writer) { _, _ = w.Write(v.Schema) })
}
