package natsbus_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

func Example() {
	dir, err := os.MkdirTemp("", "natsbus")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	server, err := natsembed.Start(natsembed.Config{Dir: dir, MaxStore: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := natsbus.Connect(ctx, natsbus.Config{Name: "example", Options: []nats.Option{server.ConnectOption()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)

	topology := natsbus.Topology{
		Streams: []jetstream.StreamConfig{{Name: "NEWS", Subjects: []string{"news.>"}}},
		Consumers: []natsbus.Consumer{
			{Stream: "NEWS", Config: jetstream.ConsumerConfig{Durable: "reader", FilterSubject: "news.local"}},
		},
	}
	report, err := topology.Reconcile(ctx, conn.JetStream())
	fmt.Println(report.Created, err)
	// Output: [stream NEWS consumer NEWS/reader] <nil>
}
