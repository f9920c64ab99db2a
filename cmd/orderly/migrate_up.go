package main

import (
	"context"

	"orderly/pkg/sqldb"
)

// migrateUpCommand migrates a database.
type migrateUpCommand struct {
	migrateFlags `embed:""`
}

// Run runs the command.
func (c *migrateUpCommand) Run(ctx context.Context, s *session) error {
	return c.with(ctx, func(db *sqldb.DB, schema sqldb.Schema) error {
		if err := db.Migrate(ctx, schema); err != nil {
			return err
		}
		return printVersions(ctx, s, db, schema)
	})
}
