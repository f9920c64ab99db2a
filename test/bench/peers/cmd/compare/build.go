package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// repository is the folder of the main module, seen from this one.
const repository = "../../.."

// build builds what the peers need, and nothing else, into b.bin; the product
// into a folder below it.
func (b *bench) build(ctx context.Context, peers []peer) error {
	names := []string{"load", "floor"}
	orderly := false
	for _, p := range peers {
		names = append(names, p.program)
		orderly = orderly || p.program == "orderly"
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		log.Print("building ", name)
		if err := goBuild(ctx, ".", b.bin(name), "./cmd/"+name); err != nil {
			return err
		}
	}
	if orderly {
		log.Print("building the product")
		if err := os.Mkdir(b.bin("product"), 0o755); err != nil {
			return err
		}
		if err := goBuild(ctx, repository, b.bin("product")+"/", "./cmd/..."); err != nil {
			return err
		}
	}
	log.Print("building nats-server")
	return goBuild(ctx, ".", b.bin("nats-server"), "github.com/nats-io/nats-server/v2")
}

func goBuild(ctx context.Context, dir, out, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, what)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", what, err, text)
	}
	return nil
}

func (b *bench) bin(name string) string { return filepath.Join(b.dir, "bin", name) }
