package fault_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"orderly/internal/cluster"
)

const (
	diskSize = 64 << 20
	// storeLimit takes the place of a full disk where disks cannot be mounted.
	storeLimit = 1 << 20
	unlimited  = 1 << 30
	fullFor    = 6 * time.Second
)

// smallDisks gives each broker a small disk of its own, or, where only root may
// mount one, a small limit.
func smallDisks(t *testing.T, cfg *cluster.Config) {
	cfg.MaxStore = unlimited
	for _, name := range []string{"nats-1", "nats-2", "nats-3"} {
		if err := mountDisk(t, filepath.Join(cfg.Dir, name)); err != nil {
			t.Logf("no disk can be mounted (%v): a limit of the servers' own stands for it", err)
			cfg.MaxStore = storeLimit
			return
		}
	}
}

// fillDisks fills the disks of all brokers under load. Once there is room again
// they are started again, as health and their logs tell the operator. All at
// once: one alone finds no leader, since JetStream is switched off on the rest.
func fillDisks(r *rig) {
	ballast, limited := r.writeBallast()
	if limited {
		r.sleep(fullFor) // the load itself fills what is left
		r.must(r.LimitStores(unlimited))
	}
	r.sleep(fullFor)
	for _, name := range ballast {
		r.must(os.Remove(name))
	}
	for _, b := range r.Brokers {
		r.must(b.Stop(r.within()))
	}
	r.startBrokers()
}

// writeBallast fills what is a disk of its own.
func (r *rig) writeBallast() (files []string, limited bool) {
	r.t.Helper()
	for _, b := range r.Brokers {
		if !isDisk(b.Store) {
			return nil, true
		}
		name := filepath.Join(b.Store, "ballast")
		f, err := os.Create(name)
		r.must(err)
		files = append(files, name)
		for err == nil {
			_, err = f.Write(make([]byte, 64<<10))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			r.t.Fatal(err)
		}
		r.must(f.Close())
	}
	return files, false
}

func tmpfsOptions() string { return fmt.Sprintf("size=%d", diskSize) }
