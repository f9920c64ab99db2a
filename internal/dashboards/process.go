package main

// process shows what each process takes, and whether it is well.
func process() dashboard {
	const of, ours = `{instance=~"$instance"}`, `{instance=~"$instance", job=~"orderly|.+-service"}`
	return dashboard{
		name: "runtime", title: "runtime",
		about:   "What each process runs, takes and says of itself.",
		choices: []choice{{"instance", "orderly_build_info"}},
		rows: []row{
			{"Who runs", []panel{
				table("Builds", "short", "orderly_build_info"+of),
				table("Up since", "dateTimeAsIso", "process_start_time_seconds"+ours+" * 1000"),
				graph("Ready", "short", query{"orderly_ready" + of, "{{instance}}"}),
				graph("Checks that fail", "short", query{"1 - min by (check) (orderly_ready_check" + of + ")", "{{check}}"}).from(1),
				graph("How old the figures are", "s",
					query{"time() - min by (instance, service) (orderly_looked_timestamp_seconds" + of + ")", "{{instance}} database of {{service}}"},
					query{"time() - min by (instance, service) (orderly_consumer_looked_timestamp_seconds" + of + ")", "{{instance}} consumers of {{service}}"},
					query{"time() - orderly_probed_timestamp_seconds" + of, "{{instance}} checks"}).from(300),
			}},
			{"What it takes", []panel{
				graph("CPU", "percentunit", query{rate("process_cpu_seconds_total"+ours, "instance"), "{{instance}}"}),
				graph("Memory", "bytes",
					query{"process_resident_memory_bytes" + ours, "{{instance}} resident"},
					query{"go_memstats_heap_inuse_bytes" + ours, "{{instance}} heap"}),
				graph("Allocated a second", "Bps", query{rate("go_memstats_alloc_bytes_total"+ours, "instance"), "{{instance}}"}),
				graph("Goroutines", "short", query{"go_goroutines" + ours, "{{instance}}"}),
				graph("Longest pause of the garbage collector", "s", query{`go_gc_duration_seconds{instance=~"$instance", quantile="1"}`, "{{instance}}"}),
				graph("Open files", "short", query{"process_open_fds" + ours, "{{instance}}"}),
			}},
			{"What it says", []panel{
				graph("Log entries a second", "ops", query{rate("orderly_log_entries_total"+of, "level"), "{{level}}"}),
				graph("Dropped in a flood, a second", "ops", query{rate("orderly_log_dropped_total"+of, "level"), "{{level}}"}),
				graph("Figures that could not be had", "short", query{"sum by (service) (increase(orderly_look_failures_total" + of + "[$__rate_interval]))", "{{service}}"}),
				graph("Waits for a connection to the database, a second", "ops", query{rate("orderly_database_waits_total"+of, "service, pool"), "{{service}} {{pool}}"}),
			}},
		},
	}
}
