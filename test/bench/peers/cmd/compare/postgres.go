package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/test/bench/peers/child"
)

// startPostgres starts a private server: fsync on, defaults otherwise.
func (b *bench) startPostgres(ctx context.Context) error {
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "postgres")
	attr, err := postgresAccount(dir)
	if err != nil {
		return err
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attr()
		return cmd
	}
	data := filepath.Join(dir, "data")
	if text, err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, text)
	}
	server := command("postgres", "-D", data, "-k", dir, "-p", strconv.Itoa(b.postgresPort()), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300")
	if b.postgres, err = b.spawn(server, "postgres"); err != nil {
		return err
	}
	return await(ctx, b.postgres, "PostgreSQL", func() bool { return b.sql(ctx, "SELECT 1") == nil })
}

func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	newest, version := "", 0
	for _, dir := range found {
		if n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))); n >= version {
			newest, version = dir, n
		}
	}
	if newest != "" {
		return newest, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed: apt-get install postgresql")
	}
	return filepath.Dir(path), nil
}

// postgresAccount makes the server's folder and says as whom it runs: not as
// root, which it refuses.
func postgresAccount(dir string) (func() *syscall.SysProcAttr, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	attr := func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	return attr, os.Chown(dir, int(uid), int(gid))
}

func (b *bench) dsn(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", b.postgresPort(), database)
}

// sql runs statements on the server's own database.
func (b *bench) sql(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, b.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// fillLog has the server make the files of its log, as one has that has run for
// a while: to make one takes 60 ms here, in which nobody commits. The first
// checkpoint after so much keeps them for use again.
func (b *bench) fillLog(ctx context.Context) error {
	const fill = "INSERT INTO fill SELECT repeat(md5(i::text), 30) FROM generate_series(1, 700000) i"
	return b.sql(ctx, "CREATE TABLE fill (text text)", "ALTER TABLE fill ALTER text SET STORAGE PLAIN", fill, "DROP TABLE fill", "CHECKPOINT")
}

// database is where a peer is pointed to.
const database = "bench"

// emptyDatabases drops what the last peer left and makes an empty database.
func (b *bench) emptyDatabases(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'`)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return b.sql(ctx, "CREATE DATABASE "+database, "CHECKPOINT")
}

const (
	patience   = 2 * time.Minute
	lookPeriod = 50 * time.Millisecond
)

// await waits until ready says so.
func await(ctx context.Context, c *child.Child, what string, ready func() bool) error {
	late := time.After(patience)
	for !ready() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.Ended():
			return c.Err()
		case <-late:
			return fmt.Errorf("%s was not ready in %s", what, patience)
		case <-time.After(lookPeriod):
		}
	}
	return nil
}
