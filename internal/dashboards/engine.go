package main

// engine shows what moves through the services' engines, and what does not.
func engine() dashboard {
	const of = `{service=~"$service"}`
	return dashboard{
		name: "engine", title: "engine",
		about:   "What the engines take in, decide, commit and publish; where the time goes; what is done a second time.",
		choices: []choice{{"service", "orderly_oldest_open_seconds"}},
		rows: []row{
			{"Does it move?", []panel{
				number("Oldest open thing", "s", once("orderly_oldest_open_seconds"+of, "service"), "{{service}}").from(600).wide(6),
				number("Loop busy with one thing for", "s", once("orderly_engine_stalled_seconds"+of, "service"), "{{service}}").from(60).wide(6),
				number("In hand", "short", "sum by (service) (orderly_engine_inputs_in_hand"+of+")", "{{service}}").wide(6),
				number("Unsent for", "s", once("orderly_engine_unsent_age_seconds"+of, "service"), "{{service}}").from(60).wide(6),
			}},
			{"Decisions", []panel{
				graph("By result", "ops", query{rate("orderly_engine_inputs_total"+of, "service, result"), "{{service}} {{result}}"}).
					saying("retried: the same thing is tried again. dead: it became a dead letter."),
				graph("By kind", "ops", query{rate("orderly_engine_inputs_total"+of, "service, kind"), "{{service}} {{kind}}"}),
				graph("Done a second time", "ops",
					query{rate("orderly_engine_duplicates_total"+of, "service"), "{{service}} twice in a batch"},
					query{rate("orderly_engine_messages_redelivered_total"+of, "service"), "{{service}} delivered again"},
					query{rate("orderly_engine_reruns_total"+of, "service"), "{{service}} transaction run again"},
					query{rate("orderly_redrives_total", "lane"), "announced again, {{lane}}"}),
			}},
			{"Batches", []panel{
				graph("Commits a second", "ops", query{rate("orderly_engine_batch_inputs_count"+of, "service"), "{{service}}"}),
				graph("Inputs a batch", "short", query{rate("orderly_engine_batch_inputs_sum"+of, "service") + " / " + rate("orderly_engine_batch_inputs_count"+of, "service"), "{{service}}"}),
				graph("p99 of each stage", "s", query{quantile("0.99", "orderly_engine_stage_seconds"+of, "service, stage"), "{{service}} {{stage}}"}),
				graph("Where the time goes", "percentunit", query{rate("orderly_engine_stage_seconds_sum"+of, "service, stage"), "{{service}} {{stage}}"}).wide(24).
					saying("How much of each second is spent in the stage. Batches overlap, so it may be more than one."),
			}},
			{"Messages", []panel{
				graph("In and out a second", "ops",
					query{rate("orderly_engine_messages_received_total"+of, "service"), "{{service}} in"},
					query{rate("orderly_engine_messages_published_total"+of, "service"), "{{service}} out"}),
				graph("Bytes a second", "Bps",
					query{rate("orderly_engine_received_bytes_total"+of, "service"), "{{service}} in"},
					query{rate("orderly_engine_published_bytes_total"+of, "service"), "{{service}} out"}),
				graph("Events a second", "ops",
					query{rate("orderly_engine_events_received_total"+of, "service"), "{{service}} in"},
					query{rate("orderly_engine_events_published_total"+of, "service"), "{{service}} out"}),
				graph("Acknowledged a second", "ops", query{rate("orderly_engine_acknowledgements_total"+of, "service, answer"), "{{service}} {{answer}}"}),
				graph("Unsent events", "short", query{"sum by (service) (orderly_engine_unsent_events" + of + ")", "{{service}}"}),
				graph("Publishing failed", "ops", query{rate("orderly_engine_publish_failures_total"+of, "service"), "{{service}}"}),
			}},
			{"Consumers", []panel{
				graph("Wait", "short", query{once("orderly_consumer_lag_messages"+of, "consumer"), "{{consumer}}"}),
				graph("In hand", "short", query{once("orderly_consumer_ack_pending_messages"+of, "consumer"), "{{consumer}}"}),
				graph("The oldest is", "s", query{once("orderly_consumer_oldest_unhandled_seconds"+of, "consumer"), "{{consumer}}"}).from(300),
				graph("Who listens", "short", query{once("orderly_consumer_pulls"+of, "consumer"), "{{consumer}}"}).
					saying("Requests for messages at the broker; 0 for long while messages wait: nobody listens."),
				graph("Bound anew, and gives nothing", "short",
					query{"sum by (consumer) (increase(orderly_consumer_rebinds_total" + of + "[$__rate_interval]))", "{{consumer}} bound anew"},
					query{once("orderly_consumer_failing"+of, "consumer"), "{{consumer}} gives nothing"}),
				graph("Dead letters", "short", query{once("orderly_dead_letters"+of, "service, kind"), "{{service}} {{kind}}"}).from(1),
			}},
			{"NATS and database", []panel{
				graph("NATS: an answer takes", "s", query{"orderly_nats_rtt_seconds", "{{instance}}"}),
				graph("NATS: messages a second, all there are", "ops", query{rate("orderly_nats_messages_total", "direction"), "{{direction}}"}),
				graph("NATS: bytes a second, all there are", "Bps", query{rate("orderly_nats_bytes_total", "direction"), "{{direction}}"}),
				graph("NATS: connected, reconnected, lost", "short",
					query{"min by (instance) (orderly_nats_connected)", "{{instance}} connected"},
					query{"sum by (instance) (increase(orderly_nats_reconnects_total[$__rate_interval]))", "{{instance}} reconnected"},
					query{"sum(increase(orderly_stream_losses_total[$__rate_interval])) or vector(0)", "losses of the broker"}),
				graph("Database: connections", "short", query{"sum by (service, pool, state) (orderly_database_connections" + of + ")", "{{service}} {{pool}} {{state}}"}),
				graph("Database: waited for a connection", "percentunit", query{rate("orderly_database_wait_seconds_total"+of, "service, pool"), "{{service}} {{pool}}"}),
			}},
		},
	}
}
