package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"orderly/cmd/internal/settings"
	"orderly/internal/app"
	"orderly/pkg/natsbus"
)

// topologyFlags say what the services want, which follows from how they are set.
type topologyFlags struct {
	Replicas int           `help:"Replicas of each stream: 1, or 3 on a cluster (default: ${default})." default:"1" env:"ORDERLY_REPLICAS" placeholder:"N"`
	AckWait  time.Duration `help:"How long NATS waits for a process that died (default: ${default})." default:"30s" env:"ORDERLY_ACK_WAIT" placeholder:"TIME"`
	Read     string        `help:"Versions of events that are read, separated by commas, as orders.created.v2 (default: the oldest in use of each)." env:"ORDERLY_READ" placeholder:"VERSION"`
}

// Validate is called by the parser.
func (f topologyFlags) Validate() error {
	switch {
	case f.Replicas < 1 || f.Replicas > 5:
		return fmt.Errorf("--replicas: %d is not between 1 and 5", f.Replicas)
	case f.AckWait < app.MinAckWait || f.AckWait > app.MaxAckWait:
		return fmt.Errorf("--ack-wait: %s is not between %s and %s", f.AckWait, app.MinAckWait, app.MaxAckWait)
	}
	if _, err := f.versions(); err != nil {
		return fmt.Errorf("--read: %w", err)
	}
	return nil
}

func (f topologyFlags) versions() (v app.Versions, err error) {
	err = v.ParseRead(f.Read)
	return v, err
}

// brokerFlags say where the servers are.
type brokerFlags struct {
	NATS        string `help:"NATS servers, separated by commas (default: nats://127.0.0.1:4222) ($ORDERLY_NATS_URL, or $ORDERLY_NATS_URL_FILE for a file that holds it)." placeholder:"URL" name:"nats"`
	Credentials string `help:"File with the credentials for NATS." env:"ORDERLY_NATS_CREDENTIALS" placeholder:"FILE" name:"nats-credentials"`
	topologyFlags
}

// topologyPatience bounds a command: a person waits.
const topologyPatience = 30 * time.Second

// on connects, and hands over what the services want and where.
func (f brokerFlags) on(ctx context.Context, do func(context.Context, *natsbus.Conn, natsbus.Topology) error) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, topologyPatience, fmt.Errorf("not done after %s", topologyPatience))
	defer cancel()
	url, err := settings.Secret(f.NATS, "ORDERLY_NATS_URL", os.Environ())
	if err == nil {
		err = natsbus.CheckURL(url)
	}
	if err != nil {
		return usageError{err}
	}
	cfg := natsbus.Config{
		URL: url, Name: "orderly topology", ConnectTimeout: topologyPatience / 6,
		Options: []nats.Option{nats.CustomInboxPrefix(app.InboxPrefix(app.OperatorUser))},
	}
	if f.Credentials != "" {
		cfg.Options = append(cfg.Options, nats.UserCredentials(f.Credentials))
	}
	bus, err := natsbus.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bus.Close(context.WithoutCancel(ctx))) }()
	versions, err := f.versions()
	if err != nil {
		return usageError{err}
	}
	return do(ctx, bus, app.Topology(bus.JetStream(), f.Replicas, f.AckWait, versions))
}

// shownDrift is a difference as it is printed.
type shownDrift struct {
	Of     string `json:"of"` // as "stream ORDERS"
	Field  string `json:"field"`
	Have   string `json:"have"`
	Want   string `json:"want"`
	Remedy string `json:"remedy,omitempty"` // empty if apply changes it
}

func showDrifts(drifts []natsbus.Drift) []shownDrift {
	out := make([]shownDrift, len(drifts))
	for i, d := range drifts {
		out[i] = shownDrift{Of: d.Of(), Field: d.Field, Have: d.Have, Want: d.Want, Remedy: d.Remedy}
	}
	return out
}

func driftText(w io.Writer, word string, drifts []shownDrift) {
	for _, d := range drifts {
		fmt.Fprintf(w, "%s\t%s: %s is %s, want %s\n", word, d.Of, d.Field, d.Have, d.Want)
		if d.Remedy != "" {
			fmt.Fprintf(w, "\t%s\n", d.Remedy)
		}
	}
}

func namesText(w io.Writer, word string, names []string, then string) {
	for _, n := range names {
		fmt.Fprintf(w, "%s\t%s%s\n", word, n, then)
	}
}
