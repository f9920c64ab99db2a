package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"orderly/pkg/sqldb"
)

// Synchronous says what a commit waits for.
type Synchronous string

const (
	// Full waits for the disk: a commit survives a loss of power.
	Full Synchronous = "FULL"
	// Normal survives the end of the process; a loss of power may take the
	// last commits, but leaves the file sound.
	Normal Synchronous = "NORMAL"
	// Off never waits; a loss of power may also damage the file.
	Off Synchronous = "OFF"
)

const damaged = "the file is damaged: restore it from a backup"

const (
	readers     = 4
	busyMillis  = 5000
	writeKiB    = 4096
	readKiB     = 1024
	walKeepByte = 64 << 20

	// checkByte is up to which size a file is read through when it is opened:
	// that takes part of a second, while a file of gigabytes would hold up each
	// start of its service for minutes.
	checkByte = 64 << 20
)

// Options are what a database may differ in. The zero value is what [Open] uses.
type Options struct {
	// Synchronous is [Full] if empty.
	Synchronous Synchronous
}

// Open is [Options.Open] with the zero Options.
func Open(ctx context.Context, path string) (*sqldb.DB, error) {
	return Options{}.Open(ctx, path)
}

// Open opens the file at path and makes it if it is missing, but not its
// folder. It fails if the file cannot be written, is no database or, as far as
// can be seen without reading more than 64 MiB, is damaged, and names the file
// then.
func (o Options) Open(ctx context.Context, path string) (*sqldb.DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	if err := checkPlace(full); err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", full, err)
	}
	db, err := o.pools(full)
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", full, err)
	}
	err = tryWrite(ctx, db)
	if err == nil {
		err = checkPages(ctx, db, full)
	}
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open SQLite database %s: %w", full, explain(err))
	}
	return db, nil
}

// checkPlace finds the mistakes that SQLite only calls "unable to open".
func checkPlace(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is not a regular file: give the path of the database file")
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("its folder cannot be used, create it first: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder: give a path in a folder", dir)
	}
	return nil
}

func (o Options) pools(path string) (*sqldb.DB, error) {
	level := o.Synchronous
	switch level {
	case "":
		level = Full
	case Full, Normal, Off:
	default:
		return nil, fmt.Errorf("unknown Synchronous %q: use FULL, NORMAL or OFF", level)
	}
	writer, err := sql.Open("sqlite", dsn(path, writeKiB, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(" + string(level) + ")"},
	}))
	if err != nil {
		return nil, err
	}
	reader, err := sql.Open("sqlite", dsn(path, readKiB, url.Values{"_pragma": {"query_only(1)"}}))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return sqldb.New(writer, reader, dialect()), nil
}

func dsn(path string, cacheKiB int, params url.Values) string {
	params["_pragma"] = append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyMillis),
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		fmt.Sprintf("journal_size_limit(%d)", walKeepByte),
		"foreign_keys(0)",
	}, params["_pragma"]...)
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	return u.String()
}

// tryWrite takes the write lock once, because SQLite opens a file that it may
// not write without a word.
func tryWrite(ctx context.Context, db *sqldb.DB) error {
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		tx.Exec("read the schema", "SELECT count(*) FROM sqlite_schema")
		return nil
	})
	if err != nil {
		return err
	}
	return db.Ping(ctx)
}

// checkPages reads a file of moderate size through: damage below its first page
// would else be found by the request that meets it.
func checkPages(ctx context.Context, db *sqldb.DB, path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() > checkByte {
		return err
	}
	var verdict string
	if err := db.Reader().QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%s: %s", damaged, strings.TrimSpace(verdict))
	}
	return nil
}

func explain(err error) error {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return err
	}
	hint := ""
	switch failure.Code() & primaryCode {
	case sqlite3.SQLITE_NOTADB:
		hint = "the file is not an SQLite database or is damaged: move it away, or restore it from a backup"
	case sqlite3.SQLITE_CORRUPT:
		hint = damaged
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		hint = "the file or its folder cannot be written: check the permissions and the mount"
	case sqlite3.SQLITE_BUSY:
		hint = "another process is writing to it: stop that process"
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		hint = "the disk is full or fails: check it"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", hint, err)
}
