package allinone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"orderly/internal/app"
)

const (
	gatewayName = "gateway"
	marker      = "complete" // is there once a directory has all of its databases
)

// databases are the names of the files, without their ending.
func databases() []string {
	return []string{app.OrderService, app.InventoryService, app.PaymentService, gatewayName}
}

func databaseFile(dir, name string) string { return filepath.Join(dir, name+".db") }

// checkWhole refuses a directory in which the system once ran and that has lost
// a database: an empty one in its place would forget orders or charges that the
// others know of.
func checkWhole(cfg Config) error {
	dir := cfg.Dir
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil || cfg.Databases != nil {
		return nil // the first start, or one that did not get far, or none of its files
	}
	for _, name := range databases() {
		file := databaseFile(dir, name)
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
			return fmt.Errorf("data directory %s: %s is missing or empty, but the system has run here: restore the file, or begin with a new directory", dir, filepath.Base(file))
		}
		if err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
	}
	return nil
}

func markWhole(cfg Config) error {
	file := filepath.Join(cfg.Dir, marker)
	if _, err := os.Stat(file); err == nil || cfg.Databases != nil {
		return nil
	}
	if err := os.WriteFile(file, []byte("All databases of this directory belong together.\n"), 0o644); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}
