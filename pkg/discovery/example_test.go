package discovery_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"orderly/pkg/discovery"
	"orderly/pkg/natsembed"
)

// A service says that it runs, answers requests, and is found.
func Example() {
	dir, err := os.MkdirTemp("", "discovery")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	server, err := natsembed.Start(natsembed.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Shutdown()
	nc, err := nats.Connect("", server.ConnectOption())
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()

	announced, err := discovery.Announce(nc, discovery.Config{
		Name: "cinema", Version: "v1.2.0", HealthSubject: "cinema.health",
		Status: func() any { return map[string]bool{"open": true} },
		Endpoints: []discovery.Endpoint{{Name: "seats", Subject: "cinema.seats", Answer: func(context.Context, []byte) (any, error) {
			return 42, nil
		}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = announced.Stop() }()

	seats, err := nc.Request("cinema.seats", nil, time.Second)
	if err != nil {
		log.Fatal(err)
	}
	who, err := discovery.Who(context.Background(), nc)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(seats.Data), who[0].Name, who[0].Version, string(who[0].Status))
	// Output: 42 cinema 1.2.0 {"open":true}
}
