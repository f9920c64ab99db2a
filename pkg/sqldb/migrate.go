package sqldb

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate brings the schema up to the newest migration of fsys and remembers in
// table which ones were applied; every set of migrations needs a table of its
// own. fsys holds a folder for each database, "sqlite" and "postgres", with the
// same version numbers: 00001_name.sql and so on, in goose's format.
//
// Any number of replicas may call it at once, and again: the migrations are
// applied once. It refuses a database that a newer build has migrated further.
func (db *DB) Migrate(ctx context.Context, fsys fs.FS, table string) error {
	folder, err := fs.Sub(fsys, db.dialect.Name)
	if err != nil {
		return fmt.Errorf("open migrations of %s: %w", table, err)
	}
	opts := []goose.ProviderOption{goose.WithTableName(table), goose.WithDisableGlobalRegistry(true)}
	if db.dialect.MigrationLock != nil {
		opts = append(opts, goose.WithSessionLocker(db.dialect.MigrationLock(table)))
	}
	provider, err := goose.NewProvider(db.dialect.Migrations, db.write, folder, opts...)
	if err != nil {
		return fmt.Errorf("read migrations in folder %s for %s: %w", db.dialect.Name, table, err)
	}
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version from %s: %w", table, err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	if current > newest {
		return fmt.Errorf("schema is at version %d in %s, this build knows versions up to %d: start the newer build",
			current, table, newest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s from version %d to %d: %w", table, current, newest, err)
	}
	return nil
}
