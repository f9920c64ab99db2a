package sqldb_test

import (
	"fmt"
	"strings"
	"testing"

	"orderly/pkg/sqldb"
)

// BenchmarkBatch inserts and updates the rows of one transaction; ns/row is
// what both cost together for each row.
func BenchmarkBatch(b *testing.B) {
	engines := map[string]func(testing.TB) engine{"sqlite": onSQLite, "postgres": onPostgres}
	for name, start := range engines {
		for _, size := range []int{1, 30, 300} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				db := withItems(b, start(b))
				next := 0
				for b.Loop() {
					batch(b, db, next, size)
					next += size
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(next), "ns/row")
			})
		}
	}
}

func batch(b *testing.B, db *sqldb.DB, first, size int) {
	ctx := b.Context()
	document := strings.Repeat(`{"sku":"anvil","quantity":3},`, 15)
	rows, changed := make([][]any, size), make([][]any, size)
	for i := range size {
		id := key(first + i)
		rows[i], changed[i] = []any{id, document, i}, []any{id, i + 1}
	}
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := tx.Insert("items", []sqldb.Column{id, name, qty}, rows); err != nil {
			return err
		}
		return tx.Update("items", []sqldb.Column{id}, []sqldb.Column{qty}, changed)
	})
	if err != nil {
		b.Fatal(err)
	}
}
