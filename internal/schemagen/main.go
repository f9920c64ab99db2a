package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schemagen <package folder> <page>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run(folder, document string) error {
	contracts, err := loadAll(os.DirFS(folder))
	if err != nil {
		return err
	}
	files, err := generate(contracts)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return fmt.Errorf("write generated file: %w", err)
		}
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	fresh, err := page(string(text), contracts)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(fresh), 0o644)
}
