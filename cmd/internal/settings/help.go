package settings

import (
	"fmt"
	"io"
	"text/tabwriter"
)

func (c Command) help(to io.Writer) {
	fmt.Fprintf(to, "%s\n\n", c.About)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, s := range c.List {
		fmt.Fprintf(w, "  --%s\t%s\t%s%s\n", s.Flag, s.Env, s.Help, s.standard())
	}
	_ = w.Flush() // to standard error: nobody is left to tell
	fmt.Fprintf(to, "\nA secret may be in a file, which its variable with %s names.\n", fileSuffix)
	fmt.Fprintf(to, "%s config print [--output json] shows what a start would work with, without passwords.\n", c.Name)
	fmt.Fprintf(to, "%s healthcheck [--of live] ends with 0 if what was started with the same settings is ready for requests.\n", c.Name)
}

func (s Setting) standard() string {
	if s.Default == "" {
		return ""
	}
	return " (" + s.Default + ")"
}
