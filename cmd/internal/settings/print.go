package settings

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// shown is a setting as `config print` shows it.
type shown struct {
	Name   string `json:"name"`
	Env    string `json:"env"`
	Value  string `json:"value"`
	Source Source `json:"source"`
	File   string `json:"file,omitempty"`
}

func (g Given) shown() shown {
	s := shown{Name: g.Flag, Env: g.Env, Value: g.Text, Source: g.Source, File: g.File}
	if g.Secret != nil {
		s.Value = g.Secret(g.Text)
	}
	return s
}

// Print shows every setting, its value without passwords, and where it came
// from: in columns, or as a list in JSON.
func Print(to io.Writer, given []Given, asJSON bool) error {
	all := make([]shown, len(given))
	for i, g := range given {
		all[i] = g.shown()
	}
	if asJSON {
		e := json.NewEncoder(to)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(all)
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, s.from())
	}
	return w.Flush()
}

func (s shown) from() string {
	switch s.Source {
	case FromEnv:
		return s.Env
	case FromFlag:
		return "--" + s.Name
	case FromFile:
		return s.Env + fileSuffix + ", " + s.File
	}
	return string(s.Source)
}
