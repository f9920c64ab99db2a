package standalone

import (
	"time"

	"orderly/cmd/internal/settings"
	"orderly/internal/app"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb/postgres"
)

// config is what every service has to be told.
type config struct {
	natsURL         string
	natsCredentials string
	databaseURL     string
	migrate         string
	addr            string
	logLevel        string
	logFile         string
	debugAddr       string
	replicas        int
	ackWait         time.Duration
	maxInputs       int
	drain           time.Duration
	versions        app.Versions
}

// list declares the settings of every service.
func (c *config) list() settings.List {
	return settings.List{
		{
			Flag: "nats", Env: "ORDERLY_NATS_URL", Default: "nats://127.0.0.1:4222",
			Help:  "NATS servers, separated by commas, with user and password or token where they want one",
			Value: settings.Text(&c.natsURL, natsbus.CheckURL), Secret: natsbus.MaskURL,
		},
		{
			Flag: "nats-credentials", Env: "ORDERLY_NATS_CREDENTIALS",
			Help:  "file with the credentials for NATS, as nsc makes it",
			Value: settings.File(&c.natsCredentials),
		},
		{
			Flag: "database", Env: "ORDERLY_DATABASE_URL",
			Help:  "PostgreSQL database of this service alone, a DSN; required",
			Value: settings.Text(&c.databaseURL, postgres.CheckDSN), Secret: postgres.MaskDSN,
		},
		{
			Flag: "migrate", Env: "ORDERLY_MIGRATE", Default: migrateAtStart,
			Help:  "when the database is migrated: start, or check to refuse one that the operator has not migrated yet",
			Value: settings.Choice(&c.migrate, migrateAtStart, migrateBefore),
		},
		{
			Flag: "http", Env: "ORDERLY_HTTP_ADDR", Default: "127.0.0.1:8080",
			Help:  "address of the HTTP API; port 0 takes a free one",
			Value: settings.Address(&c.addr),
		},
		{
			Flag: "log-level", Env: "ORDERLY_LOG_LEVEL", Default: "info",
			Help:  "least level of what is logged: debug, info, warn or error; may be changed while it runs, at the debug address",
			Value: settings.Choice(&c.logLevel, "debug", "info", "warn", "error"),
		},
		{
			Flag: "log-file", Env: "ORDERLY_LOG_FILE",
			Help:  "file that gets the log as well as standard output; opened anew on SIGHUP, for logrotate",
			Value: settings.NewFile(&c.logFile),
		},
		{
			Flag: "debug-addr", Env: "ORDERLY_DEBUG_ADDR",
			Help:  "loopback address of profiles (/debug/pprof/) and of the log's level (/log/level); none if empty",
			Value: settings.Loopback(&c.debugAddr),
		},
		{
			Flag: "replicas", Env: "ORDERLY_REPLICAS", Default: "1",
			Help:  "replicas of each stream: 1, or 3 on a cluster",
			Value: settings.Number(&c.replicas, 1, 5),
		},
		{
			Flag: "ack-wait", Env: "ORDERLY_ACK_WAIT", Default: "30s",
			Help:  "how long NATS waits for a process that died before it gives its events to another",
			Value: settings.Duration(&c.ackWait, app.MinAckWait, app.MaxAckWait),
		},
		{
			Flag: "max-inputs", Env: "ORDERLY_MAX_INPUTS", Default: "0",
			Help:  "the most inputs that are committed together; 0 leaves it to the engine, 1 handles them one at a time",
			Value: settings.Number(&c.maxInputs, 0, 4096),
		},
		{
			Flag: "publish", Env: "ORDERLY_PUBLISH",
			Help:  "versions in which events are published, separated by commas, as orders.created.v1,orders.created.v2; an event that is not named is published in all versions in use",
			Value: settings.Func(c.versions.ParsePublished),
		},
		{
			Flag: "read", Env: "ORDERLY_READ",
			Help:  "versions of events that are read, separated by commas, as orders.created.v2; of an event that is not named the oldest version in use is read",
			Value: settings.Func(c.versions.ParseRead),
		},
		{
			Flag: "drain", Env: "ORDERLY_DRAIN", Default: "0s",
			Help:  "how long after SIGTERM requests are still served while /readyz says 503, so that load balancers turn away",
			Value: settings.Duration(&c.drain, 0, 5*time.Minute),
		},
	}
}

// OrderSettings are what only the order service has to be told.
type OrderSettings struct {
	Deadline, ExpressDeadline, RedriveAfter, RedriveMax time.Duration
}

// List declares them.
func (o *OrderSettings) List() settings.List {
	return settings.List{
		{
			Flag: "deadline", Env: "ORDERLY_ORDER_DEADLINE", Default: "15m",
			Help:  "how long a standard order may take before it is cancelled",
			Value: settings.Duration(&o.Deadline, time.Second, 30*24*time.Hour),
		},
		{
			Flag: "express-deadline", Env: "ORDERLY_EXPRESS_DEADLINE", Default: "15m",
			Help:  "how long an express order may take before it is cancelled",
			Value: settings.Duration(&o.ExpressDeadline, time.Second, 30*24*time.Hour),
		},
		{
			Flag: "redrive-after", Env: "ORDERLY_REDRIVE_AFTER", Default: "30s",
			Help:  "how long an order may stand still before it is announced again",
			Value: settings.Duration(&o.RedriveAfter, time.Second, time.Hour),
		},
		{
			Flag: "redrive-max", Env: "ORDERLY_REDRIVE_MAX", Default: "1h",
			Help: "the longest pause between two announcements; at least redrive-after",
			Value: settings.Func(func(text string) error {
				return settings.Duration(&o.RedriveMax, o.RedriveAfter, 24*time.Hour).Set(text)
			}),
		},
	}
}

// PaymentSettings are what only the payment service has to be told.
type PaymentSettings struct {
	GatewayLedger string
	Gateway       app.PaymentConfig
}

// The ledgers of the simulated gateway.
const (
	LedgerInDatabase = "database"
	LedgerInMemory   = "memory"
)

// List declares them.
func (p *PaymentSettings) List() settings.List {
	return settings.List{
		{
			Flag: "gateway-ledger", Env: "ORDERLY_GATEWAY_LEDGER", Default: LedgerInDatabase,
			Help:  "where the simulated gateway keeps its charges: database, or memory, which forgets them at a restart: for benchmarks",
			Value: settings.Choice(&p.GatewayLedger, LedgerInDatabase, LedgerInMemory),
		},
		{
			Flag: "gateway-timeout", Env: "ORDERLY_GATEWAY_TIMEOUT", Default: "10s",
			Help:  "how long one try of a call to the payment gateway may take; its outcome is then asked for again",
			Value: settings.Duration(&p.Gateway.CallTimeout, app.MinCallTimeout, app.MaxCallTimeout),
		},
		{
			Flag: "gateway-calls", Env: "ORDERLY_GATEWAY_CALLS", Default: "512",
			Help:  "how many calls to the payment gateway are under way at a time in this process",
			Value: settings.Number(&p.Gateway.MaxCalls, 1, app.MaxCalls),
		},
	}
}

// operator are the variables of the orderly command, which an operator's shell
// may have set.
func operator() settings.List {
	return settings.List{{Env: "ORDERLY_URL"}, {Env: "ORDERLY_INVENTORY_URL"}, {Env: "ORDERLY_PAYMENT_URL"}}
}

// everybody's settings, for telling a typo from another service's variable.
func everybody() []settings.List {
	return []settings.List{new(config).list(), new(OrderSettings).List(), new(PaymentSettings).List(), operator()}
}
