package postgres_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

func ExampleOpen() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := tx.Now(ctx)
		fmt.Println("the server's clock says", now)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}
