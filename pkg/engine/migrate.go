package engine

import (
	"context"
	"embed"
	"io/fs"

	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Migrate makes or updates the engine's own tables: inbox, attempts, dead
// letters and progress marks. It is safe to call from any number of replicas
// at once and does nothing the second time.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, files, "engine_migrations")
}
