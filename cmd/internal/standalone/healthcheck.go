package standalone

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"orderly/cmd/internal/daemon"
	"orderly/cmd/internal/settings"
)

// checkHealth is the command "healthcheck [--of live] [settings]", for containers
// without a shell: it asks the service that was started with the same settings, and
// ends with 0 if that is ready for requests, and with 1 if not.
func checkHealth(program settings.Command, cfg *config, args []string, stdout, stderr io.Writer) int {
	const ready, live = "ready", "live"
	of := ready
	program.List = append(program.List, settings.Setting{
		Flag: "of", Default: of,
		Help:  "what is asked: ready, for requests, or live, of the process alone",
		Value: settings.Choice(&of, ready, live),
	})
	_, err := program.Parse(args, os.Environ(), stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var url string
	if err == nil {
		url, err = daemon.LocalURL(cfg.addr)
	}
	if err != nil {
		return misused(program, stderr, err)
	}
	if err := daemon.CheckHealth(context.Background(), url, of == live); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program.Name, err)
		return exitFailed
	}
	fmt.Fprintln(stdout, of)
	return 0
}
