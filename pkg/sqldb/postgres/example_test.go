package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"time"

	"orderly/pkg/sqldb/postgres"
)

func ExampleOpen() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	err = db.InTx(ctx, func(_ *sql.Tx, now time.Time) error {
		fmt.Println("the server's clock says", now)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}
