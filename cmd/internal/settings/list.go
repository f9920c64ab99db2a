package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// List is all that a program can be told.
type List []Setting

// Command is a program and what it can be told.
type Command struct {
	Name  string // of the program
	About string // what it does and its other words, in a few lines
	List  List
}

// Parse reads the flags in args, and the environment, a list of NAME=value, for
// what they leave out. It hands each setting its value, which refuses a bad
// one, and returns what was told, in the order of the list. The error of
// someone who asks for help is flag.ErrHelp; help and what is wrong with a flag
// goes to stderr.
func (c Command) Parse(args, environ []string, stderr io.Writer) ([]Given, error) {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told by the caller
	told := make([]raw, len(c.List))
	for i, s := range c.List {
		flags.Var(&told[i], s.Flag, s.Help)
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			c.help(stderr)
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	env := variables(environ)
	given := make([]Given, len(c.List))
	var errs []error
	for i, s := range c.List {
		g, err := s.find(told[i], env)
		if err == nil {
			err = g.set()
		}
		given[i] = g
		errs = append(errs, err)
	}
	return given, errors.Join(errs...)
}

// find looks for a setting's value where it may be.
func (s Setting) find(told raw, env map[string]string) (Given, error) {
	text, file := env[s.Env], ""
	if s.Secret != nil {
		file = env[s.Env+fileSuffix]
	}
	switch {
	case text != "" && file != "":
		return Given{Setting: s}, fmt.Errorf("%s and %s are both set: unset one of them", s.Env, s.Env+fileSuffix)
	case told.given:
		return Given{Setting: s, Text: told.text, Source: FromFlag}, nil
	case text != "":
		return Given{Setting: s, Text: text, Source: FromEnv}, nil
	case file != "":
		return s.read(file)
	}
	return Given{Setting: s, Text: s.Default, Source: FromDefault}, nil
}

func (s Setting) read(file string) (Given, error) {
	g := Given{Setting: s, Source: FromFile, File: file}
	content, err := os.ReadFile(file)
	if err != nil {
		return g, fmt.Errorf("%s: %w", g.name(), err)
	}
	if g.Text = strings.TrimSpace(string(content)); g.Text == "" {
		return g, fmt.Errorf("%s: %s is empty", g.name(), file)
	}
	return g, nil
}

// Unknown returns the variables of the environment that begin with prefix and
// that none of the lists knows, sorted: typos, most likely.
func Unknown(prefix string, environ []string, lists ...List) []string {
	known := map[string]bool{}
	for _, s := range slices.Concat(lists...) {
		known[s.Env] = true
		if s.Secret != nil {
			known[s.Env+fileSuffix] = true
		}
	}
	var unknown []string
	for name := range variables(environ) {
		if strings.HasPrefix(name, prefix) && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

func variables(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); name != "" {
			env[name] = value
		}
	}
	return env
}
