package main

import (
	"fmt"
	"io"

	"orderly/cmd/internal/daemon"
)

// versionCommand prints what the program was built from.
type versionCommand struct{}

// Run runs the command.
func (versionCommand) Run(s *session) error {
	b := daemon.ReadBuild(version)
	return s.out.print(b, func(w io.Writer) {
		fmt.Fprintf(w, "orderly %s", b.Version)
		if b.Revision != "" {
			fmt.Fprintf(w, " (%.12s)", b.Revision)
		}
		fmt.Fprintf(w, " %s\n", b.Go)
	})
}
