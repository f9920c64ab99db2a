package standalone

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
)

// config is what a service has to be told.
type config struct {
	natsURL     string
	databaseURL string
	addr        string
	logLevel    string
	replicas    int
}

// parse reads the flags, and the environment for what they leave out.
func parse(name string, args []string, stderr io.Writer) (config, error) {
	var c config
	replicas, err := strconv.Atoi(env("ORDERLY_REPLICAS", "1"))
	if err != nil {
		return c, fmt.Errorf("ORDERLY_REPLICAS: %w", err)
	}
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&c.natsURL, "nats", env("ORDERLY_NATS_URL", "nats://127.0.0.1:4222"), "NATS servers, separated by commas (ORDERLY_NATS_URL)")
	f.StringVar(&c.databaseURL, "database", os.Getenv("ORDERLY_DATABASE_URL"), "PostgreSQL database of this service, a DSN (ORDERLY_DATABASE_URL)")
	f.StringVar(&c.addr, "http", env("ORDERLY_HTTP_ADDR", "127.0.0.1:8080"), "address of the HTTP API (ORDERLY_HTTP_ADDR)")
	f.StringVar(&c.logLevel, "log-level", env("ORDERLY_LOG_LEVEL", "info"), "debug, info, warn or error (ORDERLY_LOG_LEVEL)")
	f.IntVar(&c.replicas, "replicas", replicas, "replicas of each stream: 1, or 3 on a cluster (ORDERLY_REPLICAS)")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	switch {
	case f.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case c.databaseURL == "":
		return c, errors.New("no database: set ORDERLY_DATABASE_URL or --database to a PostgreSQL DSN")
	case c.replicas < 1 || c.replicas > 5:
		return c, fmt.Errorf("replicas: %d is not between 1 and 5", c.replicas)
	}
	return c, nil
}

func env(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
