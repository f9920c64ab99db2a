package main

import (
	"context"

	"orderly/pkg/sqldb"
)

// migrateStatusCommand shows how far a database was migrated.
type migrateStatusCommand struct {
	migrateFlags `embed:""`
}

// Run runs the command.
func (c *migrateStatusCommand) Run(ctx context.Context, s *session) error {
	return c.with(ctx, func(db *sqldb.DB, schema sqldb.Schema) error {
		if err := db.CheckOwner(ctx, schema.Owner); err != nil {
			return err
		}
		return printVersions(ctx, s, db, schema)
	})
}
