package sqldb_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// The same code runs on PostgreSQL: open the database with postgres.Open.
func Example() {
	if err := countStock(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: anvil 3
}

func countStock(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(ctx, filepath.Join(dir, "stock.db"))
	if err != nil {
		return err
	}
	defer db.Close()

	// A service embeds its migrations from files.
	migrations := fstest.MapFS{"migrations/sqlite/00001_stock.sql": &fstest.MapFile{
		Data: []byte("-- +goose Up\nCREATE TABLE stock (sku TEXT PRIMARY KEY, units BIGINT, counted_at BIGINT);\n"),
	}}
	if err := db.Migrate(ctx, sqldb.Schema{Owner: "stock", Tables: []sqldb.Tables{{Name: "stock", Files: migrations}}}); err != nil {
		return err
	}

	sku := sqldb.Column{Name: "sku", Type: sqldb.Text}
	units := sqldb.Column{Name: "units", Type: sqldb.Int}
	countedAt := sqldb.Column{Name: "counted_at", Type: sqldb.Time}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return tx.Insert("stock", []sqldb.Column{sku, units, countedAt},
			[][]any{{"anvil", 3, now}, {"rope", 20, now}})
	})
	if err != nil {
		return err
	}

	predicate, arg := db.In(sku, 1, []string{"anvil", "magnet"})
	var name string
	var n int64
	err = db.Reader().QueryRowContext(ctx, "SELECT sku, units FROM stock WHERE "+predicate, arg).Scan(&name, &n)
	if err != nil {
		return err
	}
	fmt.Println(name, n)
	return nil
}
