package natsbus

import (
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	byHand       = "not changed by apply: change it by hand, or declare what is there"
	makeAnew     = "cannot be changed while it exists: stop those who use the stream, delete it and have it made again; what it holds goes with it"
	deletes      = "would delete messages at once: change it by hand if they may go"
	fewerCopies  = "would keep fewer copies of each message: declare as many as there are, or change it by hand"
	unsubscribes = "would leave subjects without a stream that somebody may publish on: change it by hand"
	losesPlace   = "cannot be changed without losing the consumer's place: delete the consumer and have its program make it again where it left off"
)

// streamRemedy says what a person has to do about a setting of a stream; empty
// means that it can be changed and nothing is lost by it.
func streamRemedy(field string, want, have jetstream.StreamConfig) string {
	switch field {
	case "description", "max_msg_size", "duplicate_window", "allow_direct", "compression", "metadata":
		return ""
	case "subjects":
		return unless(!slices.ContainsFunc(have.Subjects, func(s string) bool { return !slices.Contains(want.Subjects, s) }), unsubscribes)
	case "max_age":
		return unless(roomier(int64(want.MaxAge), int64(have.MaxAge)), deletes)
	case "max_bytes":
		return unless(roomier(want.MaxBytes, have.MaxBytes), deletes)
	case "max_msgs":
		return unless(roomier(want.MaxMsgs, have.MaxMsgs), deletes)
	case "max_msgs_per_subject":
		return unless(roomier(want.MaxMsgsPerSubject, have.MaxMsgsPerSubject), deletes)
	case "discard":
		return unless(want.Discard == jetstream.DiscardNew, deletes)
	case "num_replicas":
		return unless(want.Replicas > have.Replicas, fewerCopies)
	case "retention":
		return unless(want.Retention == jetstream.LimitsPolicy && have.Retention == jetstream.InterestPolicy, makeAnew)
	case "storage":
		return makeAnew
	}
	return byHand
}

// consumerRemedy says the same for a setting of a consumer.
func consumerRemedy(field string, want, have jetstream.ConsumerConfig) string {
	switch field {
	case "description", "ack_wait", "max_ack_pending", "backoff", "sample_freq", "inactive_threshold", "metadata",
		"max_batch", "max_expires", "max_bytes":
		return ""
	case "max_deliver":
		return unless(roomier(int64(want.MaxDeliver), int64(have.MaxDeliver)), "would give up messages: change it by hand")
	case "num_replicas":
		return unless(want.Replicas > have.Replicas, fewerCopies)
	}
	return losesPlace
}

// roomier compares two limits, of which zero and less mean none.
func roomier(want, have int64) bool { return want <= 0 || have > 0 && want > have }

func unless(safe bool, remedy string) string {
	if safe {
		return ""
	}
	return remedy
}
