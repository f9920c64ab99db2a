package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/engine"
)

var (
	engineInputs = New(Counter, "orderly_engine_inputs_total",
		"What was decided, each time that it was: an event, a command, what a timer said, the outcome of an outside call, or a replay; and whether it was handled, refused for good, is retried, or is a dead letter.", "service", "kind", "result")
	engineDuplicates = New(Counter, "orderly_engine_duplicates_total",
		"Inputs that came twice in a batch and were decided once.", "service")
	engineBatch = New(Histogram, "orderly_engine_batch_inputs",
		"How many inputs the committed batches had.", "service")
	engineReruns = New(Counter, "orderly_engine_reruns_total",
		"Transactions that were rolled back and run again: lost connections, deadlocks, conflicts.", "service")
	engineStages = New(Histogram, "orderly_engine_stage_seconds",
		"Time of each stage of a committed batch: load, decide, save (on PostgreSQL only queued), commit (with what was queued), publish (until the broker has stored all), acknowledge.", "service", "stage")
	engineInHand = New(Gauge, "orderly_engine_inputs_in_hand",
		"Inputs that were taken in and are not settled.", "service")
	engineReceived = New(Counter, "orderly_engine_messages_received_total",
		"Messages that came from the broker. One may hold several events.", "service")
	engineReceivedBytes = New(Counter, "orderly_engine_received_bytes_total",
		"Bytes of their payloads.", "service")
	engineRedelivered = New(Counter, "orderly_engine_messages_redelivered_total",
		"Those of the messages received that had come before.", "service")
	engineEventsIn = New(Counter, "orderly_engine_events_received_total",
		"Events in the messages received.", "service")
	enginePublished = New(Counter, "orderly_engine_messages_published_total",
		"Messages that the broker has stored.", "service")
	enginePublishedBytes = New(Counter, "orderly_engine_published_bytes_total",
		"Bytes of their payloads.", "service")
	engineEventsOut = New(Counter, "orderly_engine_events_published_total",
		"Events in the messages published, without dead letters.", "service")
	engineFailures = New(Counter, "orderly_engine_publish_failures_total",
		"Tries to publish a message that failed and were made again.", "service")
	engineAnswers = New(Counter, "orderly_engine_acknowledgements_total",
		"What the broker was told of messages: ack, handled; nak, must come again; term, a dead letter; failed, could not be told.", "service", "answer")
	engineUnsent = New(Gauge, "orderly_engine_unsent_events",
		"Committed events that the broker has not stored yet.", "service")
	engineUnsentAge = New(Gauge, "orderly_engine_unsent_age_seconds",
		"For how long the oldest of them has waited; 0 if none does.", "service")
	engineStalled = New(Gauge, "orderly_engine_stalled_seconds",
		"For how long the engine's loop has been busy with one thing; 0 while it waits. Beyond two minutes /livez fails.", "service")

	consumerWaiting = New(Gauge, "orderly_consumer_lag_messages",
		"Messages of the consumer that nobody got yet. Replicas see the same.", "service", "consumer")
	consumerInHand = New(Gauge, "orderly_consumer_ack_pending_messages",
		"Messages that somebody got and has not acknowledged. Replicas see the same.", "service", "consumer")
	consumerOldest = New(Gauge, "orderly_consumer_oldest_unhandled_seconds",
		"Age of the oldest message that is not acknowledged, whether it waits or is in hand; 0 if there is none. Replicas see the same.", "service", "consumer")
	consumerPulls = New(Gauge, "orderly_consumer_pulls",
		"Requests for messages that wait at the broker; 0 while nobody listens.", "service", "consumer")
	consumerRebinds = New(Counter, "orderly_consumer_rebinds_total",
		"How often this process has bound the consumer anew, because messages waited and none came.", "service", "consumer")
	consumerFailing = New(Gauge, "orderly_consumer_failing",
		"1 while messages wait, none comes, and to bind the consumer anew has not helped.", "service", "consumer")
	consumerLooked = New(Gauge, "orderly_consumer_looked_timestamp_seconds",
		"When the broker last told how the consumer is, as a Unix time; 0 before the first time.", "service", "consumer")

	letterCount = New(Gauge, "orderly_dead_letters",
		"Dead letters that wait for a person, by cause. Replicas see the same.", "service", "kind")
	letterOldest = New(Gauge, "orderly_dead_letter_oldest_seconds",
		"For how long the oldest of them has waited.", "service", "kind")
)

// EngineMetrics lists the metrics of [NewEngine].
func EngineMetrics() []Group {
	return []Group{
		{"Engine", []*Metric{engineInputs, engineDuplicates, engineBatch, engineReruns, engineStages, engineInHand, engineStalled}},
		{"Messages", []*Metric{
			engineReceived, engineReceivedBytes, engineRedelivered, engineEventsIn, enginePublished, enginePublishedBytes, engineEventsOut,
			engineFailures, engineAnswers, engineUnsent, engineUnsentAge,
		}},
		{"Consumers", []*Metric{consumerWaiting, consumerInHand, consumerOldest, consumerPulls, consumerRebinds, consumerFailing, consumerLooked}},
		{"Dead letters", []*Metric{letterCount, letterOldest}},
	}
}

// NewEngine shows an engine; stats is its method. The engines of one process are
// told apart by the label service.
func NewEngine(service string, stats func() engine.Stats) prometheus.Collector {
	return Collector(func(to Sink) {
		s := stats()
		sendInputs(to, service, s)
		sendMessages(to, service, s)
		for _, c := range s.Consumers {
			sendConsumer(to, service, c)
		}
		sendLetters(to, service, s.Letters)
	})
}

func sendInputs(to Sink, service string, s engine.Stats) {
	for _, n := range s.Inputs {
		to.Send(engineInputs, float64(n.N), service, n.Kind, n.Result)
	}
	to.Send(engineDuplicates, float64(s.Duplicates), service)
	to.Spread(engineBatch, s.Batch, service)
	to.Send(engineReruns, float64(s.Reruns), service)
	for i, stage := range engine.Stages() {
		to.Spread(engineStages, s.Stages[i], service, stage)
	}
	to.Send(engineInHand, float64(s.InHand), service)
	to.Send(engineStalled, s.Stalled.Seconds(), service)
}

func sendMessages(to Sink, service string, s engine.Stats) {
	to.Send(engineReceived, float64(s.Received.Messages), service)
	to.Send(engineReceivedBytes, float64(s.Received.Bytes), service)
	to.Send(engineRedelivered, float64(s.Redelivered.Messages), service)
	to.Send(engineEventsIn, float64(s.EventsIn), service)
	to.Send(enginePublished, float64(s.Published.Messages), service)
	to.Send(enginePublishedBytes, float64(s.Published.Bytes), service)
	to.Send(engineEventsOut, float64(s.EventsOut), service)
	to.Send(engineFailures, float64(s.PublishFailures), service)
	for i, answer := range engine.Answers() {
		to.Send(engineAnswers, float64(s.Answers[i]), service, answer)
	}
	to.Send(engineUnsent, float64(s.Unsent), service)
	to.Send(engineUnsentAge, s.UnsentFor.Seconds(), service)
}

func sendConsumer(to Sink, service string, c engine.ConsumerStats) {
	to.Send(consumerWaiting, float64(c.Waiting), service, c.Name)
	to.Send(consumerInHand, float64(c.InHand), service, c.Name)
	to.Send(consumerOldest, c.Oldest.Seconds(), service, c.Name)
	to.Send(consumerPulls, float64(c.Pulls), service, c.Name)
	to.Send(consumerRebinds, float64(c.Rebinds), service, c.Name)
	to.Send(consumerFailing, Flag(c.Failing != ""), service, c.Name)
	to.Send(consumerLooked, Unix(c.LookedAt), service, c.Name)
}

// sendLetters has every kind there, so that an alarm has something to compare from
// the start.
func sendLetters(to Sink, service string, depths []engine.Depth) {
	found := make(map[string]engine.Depth)
	for _, d := range depths {
		found[d.Kind] = d
	}
	for _, kind := range engine.LetterKinds() {
		to.Send(letterCount, float64(found[kind].Count), service, kind)
		to.Send(letterOldest, found[kind].Oldest.Seconds(), service, kind)
	}
}
