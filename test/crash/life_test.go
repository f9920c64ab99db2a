package crash

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/payment"
	"orderly/payment/sqlstore"
	"orderly/pkg/breaker"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

var errDead = errors.New("the process is dead")

// life is one life of the payment service. It ends at step dieAt, or with end.
type life struct {
	engine *engine.Engine
	nc     *nats.Conn
	db     *sqldb.DB

	mu    sync.Mutex // guards what follows
	steps int
	dieAt int // 0: never
	dead  bool
	grave *sync.WaitGroup // for what is left of it
}

// begin starts a life on what the last one left.
func (l *lane) begin(g payment.Gateway, dieAt int) (*life, error) {
	nc, err := nats.Connect("", l.server.ConnectOption(), nats.Timeout(patience))
	if err != nil {
		return nil, err
	}
	p := &life{nc: nc, db: l.db, dieAt: dieAt, grave: l.graves}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	b, err := breaker.New(breaker.Config{Failures: 1, Pause: time.Millisecond, Spread: time.Millisecond})
	if err != nil {
		return nil, err
	}
	p.engine, err = engine.New(engine.Config{
		Name: "payment", DB: l.db, Registry: l.registry,
		Decider:   mortal{sqlstore.New(l.db, doomed{g, p}), p},
		JetStream: wire{js, p},
		Consumers: []engine.Consumer{{Stream: "INVENTORY", Name: "reserved", Calls: true}, {Stream: "ORDERS", Name: "cancelled"}},
		Breaker:   b, CallTimeout: callTimeout, CallPause: time.Millisecond, RetryPause: time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	return p, p.engine.Start()
}

// step reports whether the process dies here, or is dead already.
func (p *life) step() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return true
	}
	if p.steps++; p.steps == p.dieAt {
		p.die()
	}
	return p.dead
}

// die wants mu. From here on nothing gets out: the connection is closed, and with
// its context the engine gives up every transaction and call.
func (p *life) die() {
	p.dead = true
	p.nc.Close()
	p.grave.Go(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.engine.Stop(ctx) // it was not clean
	})
}

// end kills the process if it still lives, and returns how many steps it took.
func (p *life) end() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead {
		p.die()
	}
	return p.steps
}

func (p *life) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// mortal is a decider that dies before or after a commit.
type mortal struct {
	engine.Decider
	life *life
}

func (m mortal) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	if m.life.died() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	s, err := m.Decider.Load(ctx, tx, inputs)
	return mortalState{s, m.life}, err
}

type mortalState struct {
	engine.State
	life *life
}

func (s mortalState) Save(ctx context.Context, tx *sqldb.Tx) error {
	if s.life.step() {
		<-ctx.Done() // the transaction is rolled back
		return ctx.Err()
	}
	return s.State.Save(ctx, tx)
}

func (s mortalState) Committed() {
	s.State.Committed()
	s.life.step()
}

// wire is a broker's client that dies after it has published.
type wire struct {
	jetstream.JetStream
	life *life
}

func (w wire) PublishMsg(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if w.life.died() {
		return nil, errDead
	}
	ack, err := w.JetStream.PublishMsg(ctx, m, opts...)
	if err == nil {
		w.life.step()
	}
	return ack, err
}

// doomed is a gateway whose caller dies before or after a call.
type doomed struct {
	payment.Gateway
	life *life
}

func around[A any](p *life, call func() (A, error)) (A, error) {
	var none A
	if p.step() {
		return none, errDead
	}
	answer, err := call()
	if p.step() {
		return none, errDead
	}
	return answer, err
}

func (d doomed) Charge(ctx context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	return around(d.life, func() (payment.Charge, error) { return d.Gateway.Charge(ctx, r) })
}

func (d doomed) Void(ctx context.Context, r payment.VoidRequest) (payment.Charge, error) {
	return around(d.life, func() (payment.Charge, error) { return d.Gateway.Void(ctx, r) })
}

func (d doomed) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	return around(d.life, func() (payment.Refund, error) { return d.Gateway.Refund(ctx, r) })
}
