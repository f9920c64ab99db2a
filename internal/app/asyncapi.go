package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"orderly/events"
	"orderly/internal/asyncapi"
	"orderly/order"
)

// AsyncAPI describes what the services tell each other, as their subscriptions
// have it.
func AsyncAPI(version string) asyncapi.Contract {
	c := asyncapi.Contract{Version: version, Prefix: typePrefix, Lanes: order.Lanes()}
	for _, v := range events.Catalog() {
		c.Events = append(c.Events, asyncapi.Event{
			Name:       v.Name,
			Version:    v.Version,
			Schema:     v.Schema,
			DataSchema: contractOf(v).DataSchema,
			SaidBy:     speakers(v),
			HeardBy:    listeners(v),
		})
	}
	return c
}

// speakers are the services that say a version: the one of its domain.
func speakers(v events.Version) []string {
	if v.Retired {
		return nil
	}
	return []string{domains()[domainOf(v.Name)]}
}

// listeners are the services that can subscribe to a version.
func listeners(v events.Version) []string {
	var all []string
	for _, h := range everything() {
		subject := versionOf(v.Name, v.Version) + "." + h.lane
		for _, c := range h.channels {
			if slices.ContainsFunc(c.filters, func(filter string) bool { return covers(filter, subject) }) && !slices.Contains(all, h.service) {
				all = append(all, h.service)
			}
		}
	}
	return all
}

// covers reports whether a filter of NATS lets a subject through.
func covers(filter, subject string) bool {
	wanted, tokens := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, want := range wanted {
		if want == ">" {
			return len(tokens) > i
		}
		if i >= len(tokens) || want != "*" && want != tokens[i] {
			return false
		}
	}
	return len(wanted) == len(tokens)
}

// serveAsyncAPI serves the description beside that of the HTTP API.
func serveAsyncAPI(mux *http.ServeMux, version string) error {
	description := AsyncAPI(version)
	for format, render := range map[string]func() ([]byte, error){"json": description.JSON, "yaml": description.YAML} {
		body, err := render()
		if err != nil {
			return fmt.Errorf("describe the events: %w", err)
		}
		mux.HandleFunc("GET /asyncapi."+format, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.aai.asyncapi+"+format)
			_, _ = w.Write(body) // a client that is gone is no fault
		})
	}
	return nil
}
