package main

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// way follows an order from hop to hop: the figures are those of all orders, the
// links lead to what was written down of one.
func way() dashboard {
	return dashboard{
		name: "order", title: "one order's way",
		about:  "Each hop of an order: how long it takes, and how long it waits. No metric has an id; type one in to find its log and its traces.",
		fields: []field{{"order_id", "Order", ""}, {"logs", "Loki (uid)", "loki"}, {"traces", "Tempo (uid)", "tempo"}},
		links: []link{
			explore("Logs of the order", "${logs}", "expr", `{job=~".+"} | json | order_id="${order_id}"`),
			explore("Traces of the order", "${traces}", "query", `{ span.cloudevents.event_subject = "${order_id}" }`),
		},
		rows: []row{
			{"Accepted by order", []panel{
				spread("POST /v1/orders", `orderly_http_request_duration_seconds{route="/v1/orders", method="POST"}`, "code"),
				spread("Commit", `orderly_engine_stage_seconds{service="order", stage="commit"}`, "service"),
				spread("Until the broker has stored it", `orderly_engine_stage_seconds{service="order", stage="publish"}`, "service"),
			}},
			hop("inventory", "Reserved by inventory"),
			hop("payment", "Taken in by payment"),
			{"Charged by the gateway", []panel{
				spread("A try", `orderly_gateway_try_seconds{operation="charge"}`, "outcome"),
				graph("Tries a second", "ops", query{rate("orderly_gateway_try_seconds_count", "operation, outcome"), "{{operation}} {{outcome}}"}),
				graph("Calls without an outcome", "short", query{`sum(orderly_gateway_calls)`, "calls"}),
			}},
			hop("order", "Heard by order"),
			{"Done", []panel{
				spread("From accepted to done", "orderly_order_duration_seconds", "lane, outcome").wide(12),
				graph("Done a second", "ops", query{rate(`orderly_orders_total{status=~"confirmed|cancelled"}`, "status, lane"), "{{status}} {{lane}}"}).wide(12),
			}},
		},
	}
}

// hop is the wait for a service, and what it takes.
func hop(service, title string) row {
	of := `{service="` + service + `"}`
	return row{title, []panel{
		graph("The oldest waits for", "s", query{once("orderly_consumer_oldest_unhandled_seconds"+of, "consumer"), "{{consumer}}"}),
		graph("So many wait, or are in hand", "short",
			query{once("orderly_consumer_lag_messages"+of, "consumer"), "{{consumer}} waits"},
			query{once("orderly_consumer_ack_pending_messages"+of, "consumer"), "{{consumer}} in hand"}),
		graph("p99 of each stage", "s", query{quantile("0.99", "orderly_engine_stage_seconds"+of, "stage"), "{{stage}}"}),
	}}
}

// explore is a link to a query of Grafana's Explore, in which variables stay what
// they are: Grafana puts their values in.
func explore(title, uid, key, expr string) link {
	pane, _ := json.Marshal(object{"a": object{
		"datasource": uid,
		"queries":    []object{{"refId": "A", "datasource": object{"uid": uid}, key: expr}},
		"range":      object{"from": "now-24h", "to": "now"},
	}}) // strings cannot fail
	escaped := strings.ReplaceAll(url.QueryEscape(string(pane)), "+", "%20")
	return link{title, "/explore?schemaVersion=1&panes=" + variable.ReplaceAllString(escaped, "$${$1}")}
}

// variable is one that was escaped.
var variable = regexp.MustCompile(`%24%7B(\w+)%7D`)
