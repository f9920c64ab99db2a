package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrOwner says that a database belongs to another service.
var ErrOwner = errors.New("the database belongs to another service")

const ownerTable = "database_owner"

// claimAttempts is enough for replicas that claim a database at once: whoever
// met another finds the table or the row at the next try.
const claimAttempts = 5

// CheckOwner refuses, with [ErrOwner], a database that belongs to another than
// owner. One that nobody has migrated yet is nobody's.
func (db *DB) CheckOwner(ctx context.Context, owner string) error {
	found, err := db.owner(ctx)
	if err != nil {
		return err
	}
	return owned(found, owner)
}

func (db *DB) owner(ctx context.Context) (string, error) {
	there, err := db.has(ctx, ownerTable)
	if err != nil {
		return "", fmt.Errorf("read the database's owner: %w", err)
	}
	if !there {
		return "", nil
	}
	var owner string
	err = db.read.QueryRowContext(ctx, "SELECT name FROM "+ownerTable).Scan(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read the database's owner: %w", err)
	}
	return owner, nil
}

// claim makes a database owner's that is nobody's.
func (db *DB) claim(ctx context.Context, owner string) error {
	if owner == "" {
		return nil
	}
	for attempt := 1; ; attempt++ {
		found, err := db.owner(ctx)
		if err != nil {
			return err
		}
		if found != "" {
			return owned(found, owner)
		}
		// Of several that make the table at once all but one fail, with errors of
		// many kinds.
		if err = db.mark(ctx, owner); err != nil && attempt == claimAttempts {
			return fmt.Errorf("note that the database belongs to %q: %w", owner, err)
		}
	}
}

func (db *DB) mark(ctx context.Context, owner string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		tx.Exec("make its table", "CREATE TABLE IF NOT EXISTS "+ownerTable+
			" (id integer NOT NULL PRIMARY KEY CHECK (id = 1), name text NOT NULL)")
		if err := tx.Send(ctx); err != nil { // a statement is prepared for a table that is there
			return err
		}
		tx.Exec("write it down", "INSERT INTO "+ownerTable+" (id, name) VALUES (1, $1)", owner)
		return nil
	})
}

// owned refuses an owner that was found, where it is not the one that is wanted.
func owned(found, want string) error {
	if found == "" || want == "" || found == want {
		return nil
	}
	return fmt.Errorf("%w: it is that of %q, and %q needs one of its own: look at the database that is configured for it", ErrOwner, found, want)
}
