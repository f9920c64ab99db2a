// Command orderly runs the whole system in one process and is its operator's
// tool: it loads catalogues, submits orders, looks at them and audits the
// system.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"orderly/cmd/internal/daemon"
)

// version is set by the linker in releases.
var version string

// gcPercent keeps the whole system, broker and databases included, below
// 150 MiB for a shop like the sample.
const gcPercent = 200

const description = `Orderly takes orders and drives each to exactly one end, confirmed or cancelled.

Exit codes: 0 done, 1 failed, 2 used wrongly, 3 not found, 4 refused by the system.`

// commands is the whole command line: one field a verb.
type commands struct {
	URL    string `help:"Where the system is (default: ${default})." default:"http://127.0.0.1:8080" env:"ORDERLY_URL" placeholder:"URL"`
	Output string `help:"How data is printed: text or json." enum:"text,json" default:"text" short:"o"`

	Up          upCommand          `cmd:"" help:"Run the whole system in this process."`
	Demo        demoCommand        `cmd:"" help:"Run the system with the sample shop: real products, real orders."`
	Cluster     clusterCommand     `cmd:"" help:"Run a test cluster: 3 NATS servers, PostgreSQL, replicas of each service, each a process."`
	Products    productCommands    `cmd:"" help:"Work with the catalogue."`
	Orders      orderCommands      `cmd:"" help:"Work with orders."`
	Gateway     gatewayCommands    `cmd:"" help:"Look at the payment gateway, and make the simulated one misbehave."`
	Dlq         dlqCommands        `cmd:"" help:"Work with dead letters: messages that a service could not handle."`
	Verify      verifyCommand      `cmd:"" help:"Audit a running system: is every order, charge and unit of stock accounted for?"`
	Migrate     migrateCommands    `cmd:"" help:"Work with the PostgreSQL database of a service."`
	Topology    topologyCommands   `cmd:"" help:"Work with the streams and consumers on the NATS servers."`
	Schema      schemaCommands     `cmd:"" help:"Work with the schemas of the events."`
	Services    servicesCommand    `cmd:"" help:"List the services that run: since when, how far behind, and how they are; ends with 1 if one is missing or not ready."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a process whether it is ready for requests; ends with 1 if it is not."`
	Version     versionCommand     `cmd:"" help:"Print what this program was built from."`
}

type productCommands struct {
	Load productsLoadCommand `cmd:"" help:"Load a catalogue from a CSV file and add its stock."`
	List productsListCommand `cmd:"" help:"List all products."`
}

type orderCommands struct {
	Submit  ordersSubmitCommand  `cmd:"" help:"Place the orders of a JSON Lines file."`
	Get     ordersGetCommand     `cmd:"" help:"Show one order."`
	List    ordersListCommand    `cmd:"" help:"List orders, the newest first."`
	Watch   ordersWatchCommand   `cmd:"" help:"Print how orders change until they have ended."`
	History ordersHistoryCommand `cmd:"" help:"Show all that happened to an order, and what operators did to it."`
	Stuck   ordersStuckCommand   `cmd:"" help:"List open orders without progress: where each waits, and why."`
	Retry   ordersRetryCommand   `cmd:"" help:"Announce an order again at once."`
	Cancel  ordersCancelCommand  `cmd:"" help:"Cancel an order."`
	Refund  ordersRefundCommand  `cmd:"" help:"Give back money of a confirmed order by hand."`
}

type gatewayCommands struct {
	Show  gatewayShowCommand  `cmd:"" help:"Show whether it is called, why not, and when it is tried again."`
	Set   gatewaySetCommand   `cmd:"" help:"Make the simulated gateway slow, away, forgetful or strict; what is not named stays."`
	Reset gatewayResetCommand `cmd:"" help:"Make the simulated gateway behave."`
}

type dlqCommands struct {
	List      dlqListCommand      `cmd:"" help:"List dead letters, the oldest first."`
	Show      dlqShowCommand      `cmd:"" help:"Show a dead letter: what failed, where, why, and what to do."`
	Replay    dlqReplayCommand    `cmd:"" help:"Decide dead letters again, a few at first; ends with 1 if any fails again."`
	Discard   dlqDiscardCommand   `cmd:"" help:"Give dead letters up, for a reason."`
	Export    dlqExportCommand    `cmd:"" help:"Print dead letters as JSON Lines, with their messages untouched."`
	Republish dlqRepublishCommand `cmd:"" help:"Publish dead letters once more, after a loss of their stream."`
}

type topologyCommands struct {
	Show  topologyShowCommand  `cmd:"" help:"Show the streams and consumers that the services want."`
	Diff  topologyDiffCommand  `cmd:"" help:"Compare the NATS servers with that; ends with 1 if they differ."`
	Apply topologyApplyCommand `cmd:"" help:"Make what is missing and change what differs, where nothing can be lost by it."`

	Permissions topologyPermissionsCommand `cmd:"" help:"Print the users of NATS with what each may do, for its servers' configuration."`
}

func main() {
	daemon.TuneMemory(gcPercent)
	os.Exit(run(daemon.UntilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program but for its process. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("orderly"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		return report(stderr, err)
	}
	chosen, err := parser.Parse(args)
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		return report(stderr, usage("%w (see orderly --help)", err))
	}
	if err != nil {
		return report(stderr, err)
	}
	s := &session{url: c.URL, out: output{to: stdout, json: c.Output == "json"}, stderr: stderr}
	return report(stderr, chosen.Run(s))
}

// report prints what went wrong, if anything, and returns the exit code.
func report(stderr io.Writer, err error) int {
	switch {
	case err == nil, errors.Is(err, errReported):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "orderly: interrupted")
	default:
		fmt.Fprintf(stderr, "orderly: %v\n", err)
	}
	return exitCode(err)
}
