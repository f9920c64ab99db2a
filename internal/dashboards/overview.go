package main

// overview says whether all is well, and if not, where to look.
func overview() dashboard {
	return dashboard{
		name: "overview", title: "overview",
		about: "Is it well, and if not, what is broken since when? docs/operations.md has a paragraph for each alert.",
		rows: []row{
			{"Is it well?", []panel{
				table("Alerts, and since when", "dateTimeAsIso",
					`min by (alertname, service, consumer, kind, check, instance) (ALERTS_FOR_STATE{alertname=~"Orderly.+"}) * 1000`).
					saying("What began first is nearest to the cause. The name of an alert is that of its paragraph in docs/operations.md."),
				number("Oldest open thing", "s", once("orderly_oldest_open_seconds", "service"), "{{service}}").from(600).
					saying("What the service has not finished. It goes on growing while nobody answers."),
				number("Processes that are ready", "short", `sum by (job) (orderly_ready)`, "{{job}}"),
				number("Dead letters", "short", `sum(max by (service, kind) (orderly_dead_letters))`, "wait for a person").from(1),
				number("Gateway", "short", `min(orderly_gateway_breaker{state="closed"})`, "the breaker").
					reading(map[string]string{"0": "away", "1": "answers"}),
				number("Unsent for", "s", `max(orderly_engine_unsent_age_seconds)`, "the oldest event").from(60),
				number("Oldest look", "s", `time() - min(orderly_looked_timestamp_seconds)`, "how old the figures are").from(300),
			}},
			{"Orders", []panel{
				graph("Orders a second", "ops", query{rate("orderly_orders_total", "status"), "{{status}}"}),
				spread("From accepted to done", "orderly_order_duration_seconds", "lane"),
				graph("Open orders", "short", query{once("orderly_orders_open", "status, lane"), "{{status}} {{lane}}"}),
				graph("No progress for", "s", query{once("orderly_orders_open_still_seconds", "status, lane"), "{{status}} {{lane}}"}).from(120).
					saying("The longest that one of the open orders stands still. To announce it again is no progress."),
				graph("Announced again a second", "ops", query{rate("orderly_redrives_total", "lane"), "{{lane}}"}),
				graph("Products by stock", "short", query{once("orderly_products", "stock"), "{{stock}}"}),
			}},
			{"HTTP", []panel{
				graph("Answers a second", "reqps", query{rate("orderly_http_requests_total", "code"), "{{code}}"}).wide(12),
				graph("p99 of answers", "s", query{quantile("0.99", "orderly_http_request_duration_seconds", "route, method"), "{{method}} {{route}}"}).wide(12),
			}},
			{"Where it waits", []panel{
				graph("Oldest event that is not handled", "s", query{once("orderly_consumer_oldest_unhandled_seconds", "consumer"), "{{consumer}}"}).from(300),
				graph("Events that wait", "short", query{once("orderly_consumer_lag_messages", "consumer"), "{{consumer}}"}),
				graph("Calls to the gateway", "short", query{`sum(orderly_gateway_calls)`, "without an outcome"}),
			}},
		},
	}
}
