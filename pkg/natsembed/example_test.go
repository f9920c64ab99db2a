package natsembed_test

import (
	"context"
	"fmt"
	"os"

	"github.com/nats-io/nats.go"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

// A program can bring its own server along: no port is opened.
func Example() {
	dir, err := os.MkdirTemp("", "natsembed")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	server, err := natsembed.Start(natsembed.Config{Dir: dir, SyncAlways: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()

	ctx := context.Background()
	bus, err := natsbus.Connect(ctx, natsbus.Config{Options: []nats.Option{server.ConnectOption()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bus.Close(ctx)

	_, err = natsembed.Start(natsembed.Config{Dir: dir})
	fmt.Println("a second server on the directory is refused:", err != nil)
	fmt.Println("connected:", bus.State().Connected)
	// Output:
	// a second server on the directory is refused: true
	// connected: true
}
