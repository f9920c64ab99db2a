package settings

import (
	"flag"
	"fmt"
)

// Setting is one thing that a program can be told.
type Setting struct {
	Flag    string // its flag, without dashes
	Env     string // its environment variable
	Default string // as one would write it; it must be a good value, or empty
	Help    string // one sentence without its full stop
	Value   Value  // where it goes
	// Secret, if not nil, hides the passwords in the setting. What has secrets
	// can be told by a file too.
	Secret func(text string) string
}

// Value takes a setting's text and refuses a bad one, saying what would be good.
type Value interface {
	Set(text string) error
}

// fileSuffix ends the variable that names the file of a secret.
const fileSuffix = "_FILE"

// Source says where a setting's value came from.
type Source string

// The sources; a file's is followed by its path.
const (
	FromDefault Source = "default"
	FromFlag    Source = "flag"
	FromEnv     Source = "env"
	FromFile    Source = "file"
)

// Given is what a setting was told.
type Given struct {
	Setting
	Text   string
	Source Source
	File   string // the file's path, of FromFile
}

// set hands the text to the setting.
func (g Given) set() error {
	if g.Text == "" && g.Default == "" {
		return nil // not told at all
	}
	if err := g.Value.Set(g.Text); err != nil {
		return fmt.Errorf("%s: %w", g.name(), err)
	}
	return nil
}

// name is what the user called the setting.
func (g Given) name() string {
	switch g.Source {
	case FromEnv:
		return g.Env
	case FromFile:
		return g.Env + fileSuffix
	}
	return "--" + g.Flag
}

// raw keeps what the command line says until all of it is read.
type raw struct {
	text  string
	given bool
}

var _ flag.Value = (*raw)(nil)

func (r *raw) String() string { return r.text }

func (r *raw) Set(text string) error {
	r.text, r.given = text, true
	return nil
}
