package main

// gateway shows the payment gateway as the payment service sees it.
func gateway() dashboard {
	return dashboard{
		name: "payment", title: "payment",
		about: "The payment gateway as the payment service sees it. `orderly gateway show` says the same of one replica.",
		rows: []row{
			{"Does it answer?", []panel{
				number("Breaker", "short", `min by (instance) (orderly_gateway_breaker{state="closed"})`, "{{instance}}").
					reading(map[string]string{"0": "open", "1": "closed"}),
				number("Since", "dateTimeAsIso", `orderly_gateway_breaker_since_timestamp_seconds * 1000`, "{{instance}}"),
				number("Next probe", "dateTimeAsIso", `orderly_gateway_breaker_next_probe_timestamp_seconds * 1000`, "{{instance}}").
					reading(map[string]string{"0": "none is needed"}),
				number("Opened today", "short", `sum by (instance) (increase(orderly_gateway_breaker_opened_total[1d]))`, "{{instance}}"),
				number("Refunds by hand", "short", `max(orderly_refunds_open)`, "without an answer"),
				number("The oldest waits", "s", `max(orderly_refunds_open_oldest_seconds)`, "refund").from(900),
			}},
			{"Tries", []panel{
				graph("A second, by outcome", "ops", query{rate("orderly_gateway_try_seconds_count", "operation, outcome"), "{{operation}} {{outcome}}"}),
				spread("How long they take", "orderly_gateway_try_seconds", "operation"),
				graph("Without an answer", "percentunit", query{
					`(sum(rate(orderly_gateway_try_seconds_count{outcome=~"unavailable|answer_lost|timeout|other"}[$__rate_interval])) or vector(0)) / sum(rate(orderly_gateway_try_seconds_count[$__rate_interval]))`, "of all tries"}).from(0.05),
				graph("Calls without an outcome", "short", query{`sum by (instance) (orderly_gateway_calls)`, "{{instance}}"}).
					saying("Those that wait among them. At ORDERLY_GATEWAY_CALLS for long, the gateway is the limit."),
				graph("State of the breaker", "short", query{`max by (instance, state) (orderly_gateway_breaker)`, "{{instance}} {{state}}"}),
				graph("Why it is open", "short", query{`max by (instance, reason) (orderly_gateway_breaker_reason)`, "{{instance}} {{reason}}"}),
			}},
			{"What waits for it", []panel{
				graph("Events that payment has not handled", "s", query{once(`orderly_consumer_oldest_unhandled_seconds{service="payment"}`, "consumer"), "{{consumer}}"}),
				graph("Reserved orders", "short", query{once(`orderly_orders_open{status="reserved"}`, "lane"), "{{lane}}"}),
				graph("Dead letters of payment", "short", query{once(`orderly_dead_letters{service="payment"}`, "kind"), "{{kind}}"}).from(1),
			}},
		},
	}
}
