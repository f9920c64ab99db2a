package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// output prints data, for a person or for a program.
type output struct {
	to   io.Writer
	json bool
}

// print prints data as JSON, or lets text write it for a person, in columns
// that are separated by tabs.
func (o output) print(data any, text func(w io.Writer)) error {
	if o.json {
		e := json.NewEncoder(o.to)
		e.SetIndent("", "  ")
		return e.Encode(data)
	}
	w := tabwriter.NewWriter(o.to, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// row prints one thing of many at once: a line of JSON, or a line of text.
func (o output) row(data any, format string, args ...any) error {
	if o.json {
		return json.NewEncoder(o.to).Encode(data)
	}
	_, err := fmt.Fprintf(o.to, format+"\n", args...)
	return err
}
