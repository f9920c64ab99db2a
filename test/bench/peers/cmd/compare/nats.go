package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// startNATS starts a server with an empty store that syncs its files as the
// mode says.
func (b *bench) startNATS(ctx context.Context, mode string) error {
	store := filepath.Join(b.dir, "nats")
	if err := os.RemoveAll(store); err != nil {
		return err
	}
	sync := ""
	if mode == "always" {
		sync = "sync_interval: always"
	}
	config := fmt.Sprintf("listen: \"%s\"\njetstream {\n  store_dir: %q\n  %s\n}\n", b.natsAddr(), store, sync)
	file := filepath.Join(b.dir, "nats.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	var err error
	if b.nats, err = b.spawn(exec.Command(b.bin("nats-server"), "-c", file), "nats"); err != nil {
		return err
	}
	return await(ctx, b.nats, "NATS", func() bool {
		conn, err := net.Dial("tcp", b.natsAddr())
		if err == nil {
			_ = conn.Close() // it only had to open
		}
		return err == nil
	})
}

func (b *bench) stopNATS() {
	if b.nats != nil {
		b.nats.Stop(syscall.SIGTERM)
		b.nats = nil
	}
}

func (b *bench) natsAddr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port+natsPort))
}
