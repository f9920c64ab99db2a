package postgres

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// limits bound both pools.
type limits struct {
	writeConns, readConns int
	lifetime, idleTime    time.Duration // of a connection
}

// poolPrefix begins what a DSN says about the pools, and not to the server.
const poolPrefix = "pool_"

// limits takes what the DSN says about the pools out of cfg.
func (o Options) limits(cfg *pgx.ConnConfig) (limits, error) {
	l := limits{
		writeConns: cmp.Or(max(o.WriteConns, 0), writers),
		readConns:  cmp.Or(max(o.ReadConns, 0), readers),
		lifetime:   time.Hour,
		idleTime:   5 * time.Minute,
	}
	known := map[string]func(text string) error{
		"pool_write_conns":        count(&l.writeConns),
		"pool_read_conns":         count(&l.readConns),
		"pool_max_conn_lifetime":  duration(&l.lifetime),
		"pool_max_conn_idle_time": duration(&l.idleTime),
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.RuntimeParams)) {
		if !strings.HasPrefix(name, poolPrefix) {
			continue
		}
		set, ok := known[name]
		if !ok {
			return l, fmt.Errorf("%s is not known: use %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := set(cfg.RuntimeParams[name]); err != nil {
			return l, fmt.Errorf("%s: %w", name, err)
		}
		delete(cfg.RuntimeParams, name)
	}
	return l, nil
}

func count(to *int) func(string) error {
	return func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of connections, 1 or more", text)
		}
		*to = n
		return nil
	}
}

func duration(to *time.Duration) func(string) error {
	return func(text string) error {
		d, err := time.ParseDuration(text)
		if err == nil && d <= 0 {
			err = errors.New("not above zero")
		}
		if err != nil {
			return fmt.Errorf("%q is not a time, as 30m or 1h", text)
		}
		*to = d
		return nil
	}
}

// pool returns a pool whose connections start with params, but for what the DSN
// sets itself.
func (l limits) pool(cfg *pgx.ConnConfig, params map[string]string, size int) *sql.DB {
	own := cfg.Copy()
	maps.Copy(params, own.RuntimeParams)
	own.RuntimeParams = params
	db := sql.OpenDB(connector{stdlib.GetConnector(*own, stdlib.OptionAfterConnect(RegisterArrays))})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(l.idleTime)
	db.SetConnMaxLifetime(l.lifetime)
	return db
}
