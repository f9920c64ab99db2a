package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"orderly/pkg/sqldb/sqlite"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "shop.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	fmt.Println(db.Dialect().Name)
	// Output: sqlite
}
