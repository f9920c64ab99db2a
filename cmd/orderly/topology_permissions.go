package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"orderly/internal/app"
)

// topologyPermissionsCommand prints the users of NATS, for its servers'
// configuration. It asks no server.
type topologyPermissionsCommand struct {
	Include string `help:"File beside the printed one with the passwords, as NATS_ORDER_PASSWORD: \"…\"; without it they come from the servers' environment." placeholder:"FILE"`
}

// permissions are the users as they are printed: as text, a block of the
// configuration of a NATS server.
type permissions struct {
	Users   []app.Permission `json:"users"`
	include string
}

// Run runs the command.
func (c *topologyPermissionsCommand) Run(s *session) error {
	p := permissions{app.Permissions(), c.Include}
	return s.out.print(p, p.text)
}

func (p permissions) text(w io.Writer) {
	fmt.Fprintln(w, "# Made by: orderly topology permissions. A password may be a bcrypt hash.")
	if p.include != "" {
		fmt.Fprintf(w, "include %q\n", p.include)
	}
	fmt.Fprintln(w, "authorization {\n  users: [")
	for _, u := range p.Users {
		fmt.Fprintf(w, "    {\n      user: %s, password: $NATS_%s_PASSWORD\n      permissions: {\n", u.User, strings.ToUpper(u.User))
		subjects(w, "publish: { allow", u.Publish, len(u.Refuse) == 0)
		if len(u.Refuse) > 0 {
			subjects(w, "           deny", u.Refuse, true)
		}
		subjects(w, "subscribe: { allow", u.Subscribe, true)
		if u.Answers {
			fmt.Fprintln(w, "        allow_responses: true")
		}
		fmt.Fprintln(w, "      }\n    }")
	}
	fmt.Fprintln(w, "  ]\n}")
}

// subjects prints a list of them, and the end of what it is in.
func subjects(w io.Writer, name string, list []string, last bool) {
	fmt.Fprintf(w, "        %s: [\n", name)
	for _, s := range list {
		fmt.Fprintf(w, "          %s\n", strconv.Quote(s))
	}
	if last {
		fmt.Fprintln(w, "        ] }")
		return
	}
	fmt.Fprintln(w, "        ]")
}
