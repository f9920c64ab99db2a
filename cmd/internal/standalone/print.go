package standalone

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"orderly/cmd/internal/settings"
)

// printConfig is the command "config print [--output json] [settings]": it shows
// what a start with the same flags and environment would work with. What is
// wrong is told after it.
func printConfig(program settings.Command, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] != "print" {
		return misused(program, stderr, errors.New("use: config print [--output json]"))
	}
	output := "text"
	program.List = append(program.List, settings.Setting{
		Flag: "output", Default: output,
		Help:  "how it is printed: text or json",
		Value: settings.Choice(&output, "text", "json"),
	})
	given, wrong := program.Parse(args[1:], os.Environ(), stderr)
	if errors.Is(wrong, flag.ErrHelp) {
		return 0
	}
	if len(given) > 0 { // but for --output itself
		if err := settings.Print(stdout, given[:len(given)-1], output == "json"); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", program.Name, err)
			return exitFailed
		}
	}
	if wrong != nil {
		return misused(program, stderr, wrong)
	}
	return 0
}
