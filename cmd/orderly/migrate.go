package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"orderly/cmd/internal/settings"
	"orderly/internal/app"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// migrateCommands work with the PostgreSQL database of one service.
type migrateCommands struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring a service's database to this build's version, as a start of the service does by default."`
	Status migrateStatusCommand `cmd:"" help:"Show which versions a service's database has, and which it lacks."`
}

// migrateFlags say which database.
type migrateFlags struct {
	Service  string `help:"Whose database it is: order, inventory or payment." required:"" enum:"order,inventory,payment" placeholder:"NAME"`
	Database string `help:"PostgreSQL database of the service, a DSN ($ORDERLY_DATABASE_URL, or $ORDERLY_DATABASE_URL_FILE for a file that holds it)." placeholder:"DSN"`
}

// with opens the database and closes it after do.
func (f migrateFlags) with(ctx context.Context, do func(*sqldb.DB, sqldb.Schema) error) error {
	schema, err := app.Schema(f.Service)
	if err != nil {
		return usageError{err}
	}
	dsn, err := settings.Secret(f.Database, "ORDERLY_DATABASE_URL", os.Environ())
	if err != nil {
		return usageError{err}
	}
	if dsn == "" {
		return usage("no database: set --database, ORDERLY_DATABASE_URL or ORDERLY_DATABASE_URL_FILE to the PostgreSQL DSN of the %s service", f.Service)
	}
	if err := postgres.CheckDSN(dsn); err != nil {
		return usage("the DSN of the %s service: %w", f.Service, err)
	}
	db, err := postgres.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what had to be committed is
	return do(db, schema)
}

// versionShown is one version as the commands print it.
type versionShown struct {
	Tables  string     `json:"tables"`
	Version int64      `json:"version"`
	Name    string     `json:"name,omitempty"` // none if this build does not know it
	Applied bool       `json:"applied"`
	At      *time.Time `json:"at,omitempty"`
}

func printVersions(ctx context.Context, s *session, db *sqldb.DB, schema sqldb.Schema) error {
	versions, err := db.Versions(ctx, schema)
	if err != nil {
		return err
	}
	shown := make([]versionShown, len(versions))
	for i, v := range versions {
		shown[i] = versionShown{Tables: v.Tables, Version: v.Number, Name: v.Name, Applied: v.Applied()}
		if v.Applied() {
			shown[i].At = &v.At
		}
	}
	return s.out.print(shown, func(w io.Writer) {
		fmt.Fprintln(w, "TABLES\tVERSION\tNAME\tAPPLIED")
		for _, v := range shown {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", v.Tables, v.Version, v.name(), v.applied())
		}
	})
}

func (v versionShown) name() string {
	if v.Name == "" {
		return "(of a newer build)"
	}
	return v.Name
}

func (v versionShown) applied() string {
	if !v.Applied {
		return "pending"
	}
	return v.At.Format(time.RFC3339)
}
