package main

import (
	"errors"
	"strings"

	"orderly/internal/client"
)

// act is who does something that is written down, and why.
type act struct {
	By  string `help:"Who does it (default: the user of this computer)." placeholder:"NAME"`
	Why string `help:"Why; kept with who does it, and sent to nobody." placeholder:"WORDS"`
}

// reasoned refuses what nobody does without a reason.
func (a act) reasoned() error {
	if strings.TrimSpace(a.Why) == "" {
		return errors.New("--why: give the reason, it is kept with who does it")
	}
	return nil
}

// note is what is written down.
func (a act) note() (client.Note, error) {
	name, err := actor(a.By)
	return client.Note{By: name, Why: a.Why}, err
}
