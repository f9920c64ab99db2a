package sqldb

import (
	"context"
	"fmt"
)

// Migrate brings a database to the newest version of its schema that this build
// knows. Any number of replicas may call it at once, and again: each version is
// applied once, and one that was interrupted is applied from its beginning. It
// refuses a database of another owner, and one that a newer build has migrated to a
// later hundred of versions (see [Tables]), and leaves both as they are.
func (db *DB) Migrate(ctx context.Context, s Schema) error {
	versions, err := db.Versions(ctx, s)
	if err != nil {
		return err
	}
	if err := known(versions); err != nil {
		return err
	}
	if err := db.claim(ctx, s.Owner); err != nil {
		return err
	}
	for _, t := range s.Tables {
		if err := db.up(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) up(ctx context.Context, t Tables) error {
	provider, err := db.provider(t)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the tables of %s: %w", t.Name, err)
	}
	return nil
}
