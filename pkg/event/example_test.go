package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orderly/pkg/event"
)

// Greeting is the payload of the one event that these examples know.
type Greeting struct {
	Text string `json:"text"`
}

func greetings() event.Contract {
	return event.Contract{
		Name: "greetings.sent", Version: 1, DataSchema: "urn:example:greetings.sent:v1",
		Decode: func(data []byte) (any, error) {
			var g Greeting
			if err := json.Unmarshal(data, &g); err != nil {
				return nil, err
			}
			if g.Text == "" {
				return nil, errors.New("text: required")
			}
			return g, nil
		},
		Encode: func(payload any) ([]byte, error) {
			g, ok := payload.(Greeting)
			if !ok || g.Text == "" {
				return nil, errors.New("text: required")
			}
			return json.Marshal(g)
		},
	}
}

func Example() {
	registry, err := event.NewRegistry("com.example.", greetings())
	if err != nil {
		fmt.Println(err)
		return
	}
	var events []event.Event
	for _, text := range []string{"hello", "good bye"} {
		e := event.Event{
			ID:      event.DeriveID("0198c1a2-7f00-7000-8000-000000000001", text),
			Source:  "/example",
			Name:    "greetings.sent",
			Time:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Payload: Greeting{Text: text},
		}
		if err := registry.Seal(&e); err != nil {
			fmt.Println(err)
			return
		}
		events = append(events, e)
	}
	packs, err := registry.Pack(events, event.DefaultPackLimit)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range packs {
		fmt.Println(p.Subject, p.Header["content-type"], p.Events)
		results, err := registry.Open(p.Message)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, r := range results {
			fmt.Println(r.Event.Type, r.Event.Payload, r.Err)
		}
	}
	// Output:
	// greetings.sent.v1.standard [application/cloudevents-batch+json] [0 1]
	// com.example.greetings.sent.v1 {hello} <nil>
	// com.example.greetings.sent.v1 {good bye} <nil>
}
