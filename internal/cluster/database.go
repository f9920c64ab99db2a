package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/internal/postgres"
)

// Database is a PostgreSQL that syncs its files, with a role and a database for
// each service.
type Database struct {
	*Node
	// URL is how the superuser connects.
	URL string

	server postgres.Server
}

// ServiceURL is how a service connects to its database: as a role that can
// connect to no other.
func (d *Database) ServiceURL(service string) string {
	return d.server.DSN(databaseName(service), databaseName(service))
}

func databaseName(service string) string { return "orderly_" + service }

func (c *Cluster) newDatabase() error {
	bin, err := postgres.Binaries()
	if err != nil {
		return err
	}
	port, err := c.ports.next()
	if err != nil {
		return err
	}
	dir := filepath.Join(c.dir, "postgres")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	password, err := c.password()
	if err != nil {
		return err
	}
	d := &Database{Node: c.node("postgres"), server: postgres.Server{
		Binaries: bin,
		Dir:      dir,
		Port:     port,
		Password: password,
		Settings: []string{fmt.Sprintf("max_connections=%d", maxConnections(c.cfg.Replicas)), "shared_buffers=64MB"},
	}}
	d.URL = d.server.DSN(postgres.Superuser, "postgres")
	d.quit, d.onDeath, d.stubborn = syscall.SIGINT, syscall.SIGQUIT, true
	d.command = func() (*exec.Cmd, error) { return d.server.Command() }
	d.ready = d.answers
	c.Database = d
	return d.server.Init()
}

// maxConnections is what all replicas may use, and room for a person.
func maxConnections(replicas int) int { return 3*16*replicas + 20 }

// password is made once for a directory.
func (c *Cluster) password() (string, error) {
	path := filepath.Join(c.dir, "password")
	kept, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(kept)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	password := rand.Text()
	return password, os.WriteFile(path, []byte(password+"\n"), 0o600)
}

func (d *Database) answers(ctx context.Context) error {
	return d.do(ctx, func(conn *pgx.Conn) error { return conn.Ping(ctx) })
}

// furnish makes the roles and databases that are missing.
func (d *Database) furnish(ctx context.Context) error {
	return d.do(ctx, func(conn *pgx.Conn) error {
		for _, service := range services() {
			if err := d.makeDatabase(ctx, conn, databaseName(service)); err != nil {
				return fmt.Errorf("make the database of %s: %w", service, err)
			}
		}
		return nil
	})
}

func (d *Database) makeDatabase(ctx context.Context, conn *pgx.Conn, name string) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	for _, statement := range []string{
		// The password is of letters and digits only.
		fmt.Sprintf("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE %[1]s LOGIN PASSWORD '%[2]s'; END IF; END $$", name, d.server.Password),
		fmt.Sprintf("CREATE DATABASE %[1]s OWNER %[1]s", name),
		fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC", name),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (d *Database) do(ctx context.Context, what func(*pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.URL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // all is done
	return what(conn)
}

const databaseTimeout = 10 * time.Second
