package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// system is where the started product answers.
type system struct {
	orders    []string // base URLs
	inventory []string
	payment   []string
}

// environment is what every program is told; batch names the variable that
// bounds what it commits together.
func (s settings) environment(batch string) []string {
	return []string{"ORDERLY_LOG_LEVEL=warn", "ORDERLY_GATEWAY_LEDGER=" + s.ledger, batch + "=" + strconv.Itoa(s.maxInputs)}
}

// startServices starts the replicas of each service on consecutive ports: the
// order service's first, from the address given.
func startServices(ctx context.Context, s settings, f *fleet) (system, error) {
	addrs, err := consecutive(s.addr, 3*s.replicas)
	if err != nil {
		return system{}, err
	}
	var sys system
	for _, service := range []struct {
		name string
		urls *[]string
	}{{"order", &sys.orders}, {"inventory", &sys.inventory}, {"payment", &sys.payment}} {
		dsn, err := makeDatabase(ctx, s.postgres, "orderly_"+service.name)
		if err != nil {
			return sys, err
		}
		for range s.replicas {
			env := append(s.environment("ORDERLY_MAX_INPUTS"), "ORDERLY_NATS_URL="+s.nats, "ORDERLY_DATABASE_URL="+dsn, "ORDERLY_HTTP_ADDR="+addrs[0])
			if err := f.start(filepath.Join(s.bin, service.name+"-service"), env); err != nil {
				return sys, err
			}
			*service.urls = append(*service.urls, "http://"+addrs[0])
			addrs = addrs[1:]
		}
	}
	return sys, awaitAll(ctx, f, sys)
}

func awaitAll(ctx context.Context, f *fleet, sys system) error {
	for _, urls := range [][]string{sys.orders, sys.inventory, sys.payment} {
		for _, u := range urls {
			if err := f.await(ctx, u+"/readyz"); err != nil {
				return err
			}
		}
	}
	return nil
}

// startEmbedded starts the one process that has everything inside.
func startEmbedded(ctx context.Context, s settings, f *fleet) (system, error) {
	if s.data == "" {
		return system{}, errors.New("-embedded needs -data, an empty folder")
	}
	if err := f.start(filepath.Join(s.bin, "orderly"), s.environment("ORDERLY_MAX_INPUTS"), "up", "--data", s.data, "--http", s.addr); err != nil {
		return system{}, err
	}
	base := []string{"http://" + s.addr}
	sys := system{orders: base, inventory: base, payment: base}
	return sys, awaitAll(ctx, f, sys)
}

// consecutive returns n addresses from addr on.
func consecutive(addr string, n int) ([]string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-http: %w", err)
	}
	first, err := strconv.Atoi(port)
	if err != nil || first == 0 {
		return nil, fmt.Errorf("-http: port %q is not a number above 0", port)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = net.JoinHostPort(host, strconv.Itoa(first+i))
	}
	return out, nil
}

// makeDatabase makes a database if it is missing and returns its DSN.
func makeDatabase(ctx context.Context, admin, name string) (string, error) {
	dsn, err := url.Parse(admin)
	if err != nil || dsn.Host == "" {
		return "", errors.New("-pg: want a DSN in the form postgres://user@host:port/database")
	}
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return "", err
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return "", err
		}
	}
	dsn.Path = "/" + name
	return dsn.String(), nil
}
