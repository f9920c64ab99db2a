package sqldb

import (
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Schema is what a database holds.
type Schema struct {
	// Owner is whose database it is: a service, in any number of replicas. The
	// first that migrates a database owns it for good, and any other is refused.
	// Empty asks nobody.
	Owner string
	// Tables are its parts, in the order in which they are migrated.
	Tables []Tables
}

// Tables are tables that change together, from version to version.
type Tables struct {
	// Name is theirs and never changes: which versions a database has is kept in
	// the table Name_migrations.
	Name string
	// Files hold the versions in a folder for each kind of database,
	// migrations/sqlite and migrations/postgres, with the same numbers:
	// 00001_name.sql and so on, in goose's format. Within a hundred versions only
	// add: tables, indexes that are not unique, columns with a default. A build that
	// does not know the last of them still works, and can be rolled back to. What
	// changes or removes something begins the next hundred, as 00100_name.sql: a
	// build from before it refuses the database.
	Files fs.FS
}

// history is the table that remembers which versions a database has.
func (t Tables) history() string { return t.Name + "_migrations" }

// provider reads the versions that this build knows.
func (db *DB) provider(t Tables) (*goose.Provider, error) {
	folder, err := fs.Sub(t.Files, "migrations/"+db.dialect.Name)
	if err != nil {
		return nil, fmt.Errorf("open the migrations of %s: %w", t.Name, err)
	}
	opts := []goose.ProviderOption{goose.WithTableName(t.history()), goose.WithDisableGlobalRegistry(true)}
	if db.dialect.MigrationLock != nil {
		opts = append(opts, goose.WithSessionLocker(db.dialect.MigrationLock(t.history())))
	}
	provider, err := goose.NewProvider(db.dialect.Migrations, db.write, folder, opts...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s for %s: %w", t.Name, db.dialect.Name, err)
	}
	return provider, nil
}
