package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb/sqlite"
)

// An answer is lost after the money moved. Repeating the call under the same key finds out.
func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	g, err := gateway.New(ctx, db, gateway.Settings{LoseAnswers: 1})
	if err != nil {
		log.Fatal(err)
	}

	r := payment.ChargeRequest{Key: "order-1", OrderID: "order-1", Method: "pm_card_visa", Currency: "EUR", AmountMinor: 4999}
	_, err = g.Charge(ctx, r)
	fmt.Println(errors.Is(err, gateway.ErrAnswerLost))

	if err := g.SetSettings(ctx, gateway.Settings{}); err != nil {
		log.Fatal(err)
	}
	c, err := g.Charge(ctx, r)
	fmt.Println(c.Status, err)
	counts, err := g.Counts(ctx)
	fmt.Println(counts.Captured, err)
	// Output:
	// true
	// captured <nil>
	// 1 <nil>
}
