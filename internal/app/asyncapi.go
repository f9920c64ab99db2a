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
			DataSchema: contract(v).DataSchema,
			SaidBy:     speakers(v),
			HeardBy:    listeners(v),
		})
	}
	return c
}

// spoken is the version that services say of each event.
const spoken = 1

// speakers are the services that say a version: the one of its domain.
func speakers(v events.Version) []string {
	if v.Version != spoken {
		return nil
	}
	domain, _, _ := strings.Cut(v.Name, ".")
	return []string{map[string]string{"orders": OrderService, "inventory": InventoryService, "payments": PaymentService}[domain]}
}

// listeners are the services that subscribe to a version.
func listeners(v events.Version) []string {
	subject := fmt.Sprintf("%s.v%d.%s", v.Name, v.Version, order.Lanes()[0])
	var all []string
	for _, service := range []struct {
		name  string
		hears []reads
	}{{OrderService, orderHears()}, {InventoryService, inventoryHears()}, {PaymentService, paymentHears()}} {
		for _, c := range channels(service.name, service.hears) {
			if covers(c.filter, subject) && !slices.Contains(all, service.name) {
				all = append(all, service.name)
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
