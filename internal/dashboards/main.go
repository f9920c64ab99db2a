package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboards <folder deploy>")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func run(deploy string) error {
	folder := filepath.Join(deploy, "grafana", "dashboards")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, d := range []dashboard{overview(), way(), engine(), gateway(), process()} {
		content, err := d.json()
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, d.name+".json"), content, 0o644); err != nil {
			return err
		}
	}
	return wrapRules(filepath.Join(deploy, "prometheus", "orderly.rules.yaml"), filepath.Join(deploy, "kubernetes", "components", "monitoring", "rules.yaml"))
}
