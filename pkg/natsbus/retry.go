package natsbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Error codes of the JetStream API that the client has no names for.
const (
	codeAccountResources     jetstream.ErrorCode = 10002
	codeNoPeers              jetstream.ErrorCode = 10005
	codeInsufficientResource jetstream.ErrorCode = 10023
	codeMemoryResources      jetstream.ErrorCode = 10028
	codeStorageResources     jetstream.ErrorCode = 10047
	codeSubjectOverlap       jetstream.ErrorCode = 10065
	codeReplicasNotSupported jetstream.ErrorCode = 10074
	codeWorkQueueNotUnique   jetstream.ErrorCode = 10099
	codeWorkQueueFilters     jetstream.ErrorCode = 10100
	codeWorkQueueDeliverAll  jetstream.ErrorCode = 10101
)

// persist runs a request to JetStream until it succeeds, fails for good, or ctx
// ends. Each try has a few seconds of its own: a request to a stream without a
// leader is never answered.
func persist(ctx context.Context, request func(context.Context) error) error {
	var last error
	attempt := func() (struct{}, error) {
		bounded, cancel := context.WithTimeout(ctx, apiTimeout)
		defer cancel()
		err := request(bounded)
		if ctx.Err() == nil || last == nil {
			last = err // a try cut short by ctx says less than the one before it
		}
		if err != nil && !transient(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 50 * time.Millisecond
	wait.MaxInterval = 2 * time.Second
	_, err := backoff.Retry(ctx, attempt, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w; last cause: %w", context.Cause(ctx), explain(last))
	default:
		return explain(err)
	}
}

// transient tells errors that pass: elections, restarts, lost connections, and
// the race of two programs that create the same thing.
func transient(err error) bool {
	for _, e := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected,
		nats.ErrReconnectBufExceeded, nats.ErrConnectionReconnecting, nats.ErrStaleConnection,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	api, ok := apiError(err)
	if !ok {
		return false
	}
	switch api.ErrorCode {
	case codeNoPeers, jetstream.JSErrCodeStreamNameInUse, jetstream.JSErrCodeConsumerAlreadyExists,
		jetstream.JSErrCodeConsumerExists, jetstream.JSErrCodeConsumerNameExists:
		return true
	case jetstream.JSErrCodeJetStreamNotEnabled, jetstream.JSErrCodeJetStreamNotEnabledForAccount,
		codeAccountResources, codeInsufficientResource, codeMemoryResources, codeStorageResources,
		codeReplicasNotSupported:
		return false
	}
	return api.Code >= 500
}

func apiError(err error) (*jetstream.APIError, bool) {
	if js, ok := errors.AsType[jetstream.JetStreamError](err); ok && js.APIError() != nil {
		return js.APIError(), true
	}
	return errors.AsType[*jetstream.APIError](err)
}

// explain adds to an error what a person can do about it.
func explain(err error) error {
	if errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("JetStream does not answer: enable it on the server, or wait for its cluster to elect a leader: %w", err)
	}
	api, ok := apiError(err)
	if !ok {
		return err
	}
	switch api.ErrorCode {
	case jetstream.JSErrCodeJetStreamNotEnabled, jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return fmt.Errorf("enable JetStream on the server and for this account: %w", err)
	case codeAccountResources, codeInsufficientResource, codeMemoryResources, codeStorageResources:
		return fmt.Errorf("the server's JetStream storage is too small: enlarge it, or lower the stream's max_bytes: %w", err)
	case codeSubjectOverlap:
		return fmt.Errorf("another stream has these subjects already: remove that stream or its overlapping subjects: %w", err)
	case codeReplicasNotSupported:
		return fmt.Errorf("replicas need a cluster: connect to one, or ask for one replica: %w", err)
	case codeWorkQueueNotUnique, codeWorkQueueFilters, codeWorkQueueDeliverAll:
		return fmt.Errorf("the stream is a work queue, which has each message read once only: it must be made anew with limits retention: %w", err)
	case jetstream.JSErrCodeStreamNotFound:
		return fmt.Errorf("create the stream first: %w", err)
	}
	return err
}
