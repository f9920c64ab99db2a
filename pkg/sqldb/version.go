package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// ErrPending says that a database is at an older version than this build works
// with.
var ErrPending = errors.New("the database has to be migrated")

// Version is one version of a part of a schema.
type Version struct {
	Tables string // the part's name
	Number int64
	Name   string    // what it brings; empty if this build does not know it
	At     time.Time // when it was applied, by the database's clock; zero if it was not
}

// Applied reports whether the database has it.
func (v Version) Applied() bool { return !v.At.IsZero() }

// Versions returns what a database has of a schema and what it lacks, part by
// part, in their order. It changes nothing.
func (db *DB) Versions(ctx context.Context, s Schema) ([]Version, error) {
	var all []Version
	for _, t := range s.Tables {
		versions, err := db.versions(ctx, t)
		if err != nil {
			return nil, err
		}
		all = append(all, versions...)
	}
	return all, nil
}

// Check refuses a database that Migrate would change or refuse, with
// [ErrPending] if it would change it.
func (db *DB) Check(ctx context.Context, s Schema) error {
	owner, err := db.owner(ctx)
	if err != nil {
		return err
	}
	if err := owned(owner, s.Owner); err != nil {
		return err
	}
	versions, err := db.Versions(ctx, s)
	if err != nil {
		return err
	}
	if err := known(versions); err != nil {
		return err
	}
	for _, v := range versions {
		if !v.Applied() {
			return fmt.Errorf("%w: the tables of %s lack version %d, %s", ErrPending, v.Tables, v.Number, v.Name)
		}
	}
	if owner == "" && s.Owner != "" {
		return fmt.Errorf("%w: it does not say yet that it belongs to %q", ErrPending, s.Owner)
	}
	return nil
}

// generation is how many versions there can be that add and change nothing else: a
// build works with all of its newest version's hundred, also with those that it does
// not know, so that it can be rolled back to.
const generation = 100

// known refuses versions that only a newer build can know.
func known(versions []Version) error {
	newest := map[string]int64{} // that this build knows
	for _, v := range versions {
		if v.Name != "" {
			newest[v.Tables] = v.Number
		}
	}
	for _, v := range slices.Backward(versions) {
		if v.Name == "" && v.Number/generation > newest[v.Tables]/generation {
			return fmt.Errorf("the tables of %s are at version %d, and this build knows them up to version %d: run a build that knows version %d",
				v.Tables, v.Number, newest[v.Tables], v.Number)
		}
	}
	return nil
}

func (db *DB) versions(ctx context.Context, t Tables) ([]Version, error) {
	provider, err := db.provider(t)
	if err != nil {
		return nil, err
	}
	byNumber, err := db.applied(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("read which versions the tables of %s have: %w", t.Name, err)
	}
	for _, source := range provider.ListSources() {
		v := byNumber[source.Version]
		v.Tables, v.Number = t.Name, source.Version
		_, v.Name, _ = strings.Cut(strings.TrimSuffix(path.Base(source.Path), ".sql"), "_")
		byNumber[v.Number] = v
	}
	return slices.SortedFunc(maps.Values(byNumber), func(a, b Version) int { return cmp.Compare(a.Number, b.Number) }), nil
}

// applied returns what the database remembers of its versions, by number.
func (db *DB) applied(ctx context.Context, t Tables) (map[int64]Version, error) {
	found := map[int64]Version{}
	if there, err := db.has(ctx, t.history()); err != nil || !there {
		return found, err
	}
	rows, err := db.read.QueryContext(ctx, "SELECT version_id, tstamp FROM "+t.history()+" WHERE version_id > 0 AND is_applied")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v := Version{Tables: t.Name}
		if err := rows.Scan(&v.Number, &v.At); err != nil {
			return nil, err
		}
		found[v.Number] = v
	}
	return found, rows.Err()
}

// has reports whether there is a table of that name.
func (db *DB) has(ctx context.Context, table string) (there bool, err error) {
	err = db.read.QueryRowContext(ctx, db.dialect.HasTable, table).Scan(&there)
	return there, err
}
