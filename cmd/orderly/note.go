package main

import (
	"os/user"

	"orderly/internal/client"
)

// by is who acts.
type by struct {
	By string `help:"Who does so (default: the user of this computer)." placeholder:"NAME"`
}

// name is the given name, or the user's.
func (b by) name() (string, error) {
	if b.By != "" {
		return b.By, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", usage("say who does so with --by: %w", err)
	}
	return u.Username, nil
}

func (b by) note(why string) (client.Note, error) {
	name, err := b.name()
	return client.Note{By: name, Why: why}, err
}
