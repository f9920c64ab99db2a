package main

import "orderly/internal/client"

// by is who acts.
type by struct {
	By string `help:"Who does so (default: the user of this computer)." placeholder:"NAME"`
}

func (b by) note(why string) (client.Note, error) {
	name, err := actor(b.By)
	return client.Note{By: name, Why: why}, err
}
