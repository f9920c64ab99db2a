package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// deposit is the payload of deposits.made, and a command of its own.
type deposit struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Amount  int    `json:"amount"`
	Note    string `json:"note,omitempty"` // what the test's hooks go by
}

// balance is the payload of balances.changed: the answer to a deposit.
type balance struct {
	Deposit string `json:"deposit"`
	Account string `json:"account"`
	Balance int    `json:"balance"`
	Pad     string `json:"pad,omitempty"`
}

// approval is the outcome of the call that a deposit may need.
type approval struct{ deposit deposit }

func contract[T any](name string, check func(T) error) event.Contract {
	return event.Contract{
		Name: name, Version: 1,
		Decode: func(data []byte) (any, error) {
			var v T
			if err := json.Unmarshal(data, &v); err != nil {
				return nil, err
			}
			return v, check(v)
		},
		Encode: func(payload any) ([]byte, error) {
			v, ok := payload.(T)
			if !ok {
				return nil, fmt.Errorf("payload is %T", payload)
			}
			if err := check(v); err != nil {
				return nil, err
			}
			return json.Marshal(v)
		},
	}
}

func contracts(t testing.TB) *event.Registry {
	t.Helper()
	r, err := newContracts()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newContracts() (*event.Registry, error) {
	return event.NewRegistry("com.example.",
		contract("deposits.made", func(d deposit) error {
			if d.Amount <= 0 {
				return errors.New("amount: must be above zero")
			}
			return nil
		}),
		contract("balances.changed", func(b balance) error {
			if b.Deposit == "" {
				return errors.New("deposit: required")
			}
			return nil
		}))
}

var (
	colID      = sqldb.Column{Name: "id", Type: sqldb.UUID}
	colName    = sqldb.Column{Name: "name", Type: sqldb.Text}
	colAccount = sqldb.Column{Name: "account", Type: sqldb.Text}
	colAmount  = sqldb.Column{Name: "amount", Type: sqldb.Int}
	colBalance = sqldb.Column{Name: "balance", Type: sqldb.Int}
	colDone    = sqldb.Column{Name: "done", Type: sqldb.Bool}
)

// limit is what the database, and nothing else, allows an account to hold.
const limit = 1_000_000

var bankSchema = []string{
	`CREATE TABLE accounts (name text NOT NULL PRIMARY KEY, balance bigint NOT NULL CHECK (balance <= 1000000))`,
	`CREATE TABLE deposits (id uuid NOT NULL PRIMARY KEY, account text NOT NULL, amount bigint NOT NULL,
		balance bigint NOT NULL, done boolean NOT NULL)`,
}

// bank is an idempotent Decider: a deposit counts once, however often it is
// heard of, and always gets the same answer. Its hooks may be nil.
type bank struct {
	db      *sqldb.DB
	onLoad  func(inputs []*engine.Input) error
	decide  func(ctx context.Context, in *engine.Input, d deposit) error // before anything changes
	midway  func(d deposit)                                              // after the account has changed in memory
	answer  func(d deposit, b *balance)
	approve func(ctx context.Context, d deposit) error // the call of deposits whose note is "call"
	onSave  func() error
	story   string // the trace in which it answers, if not in that of the deposit

	onCommitted func()

	mu        sync.Mutex     // guards what follows
	seen      map[string]int // decisions by deposit
	committed int            // calls of Committed
}

func (b *bank) decisions(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[id]
}

type row struct {
	deposit
	balance        int
	done           bool
	fresh, changed bool
}

type account struct {
	balance        int
	fresh, changed bool
}

// ledger is what the bank loads for a batch.
type ledger struct {
	*bank
	accounts map[string]*account
	deposits map[string]*row
}

func body(in *engine.Input) deposit {
	switch v := in.Body.(type) {
	case deposit:
		return v
	case approval:
		return v.deposit
	}
	panic(fmt.Sprintf("the bank does not know %T", in.Body))
}

func (b *bank) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	if b.onLoad != nil {
		if err := b.onLoad(inputs); err != nil {
			return nil, err
		}
	}
	l := &ledger{bank: b, accounts: map[string]*account{}, deposits: map[string]*row{}}
	names, ids := map[string]bool{}, map[string]bool{}
	for _, in := range inputs {
		names[body(in).Account], ids[body(in).ID] = true, true
	}
	in, arg := b.db.In(colName, 1, slices.Sorted(maps.Keys(names)))
	tx.Query("load accounts", "SELECT name, balance FROM accounts WHERE "+in+" ORDER BY name"+b.db.Lock(), func(found sqldb.Row) error {
		var name string
		var a account
		err := found.Scan(&name, &a.balance)
		l.accounts[name] = &a
		return err
	}, arg)
	in, arg = b.db.In(colID, 1, slices.Sorted(maps.Keys(ids)))
	tx.Query("load deposits", "SELECT id, account, amount, balance, done FROM deposits WHERE "+in+" ORDER BY id"+b.db.Lock(), func(found sqldb.Row) error {
		var r row
		err := found.Scan(&r.ID, &r.Account, &r.Amount, &r.balance, &r.done)
		l.deposits[r.ID] = &r
		return err
	}, arg)
	return l, tx.Send(ctx)
}

func (l *ledger) Decide(ctx context.Context, _ time.Time, in *engine.Input) (engine.Decision, error) {
	d := body(in)
	l.mu.Lock()
	l.seen[d.ID]++
	l.mu.Unlock()
	if l.decide != nil {
		if err := l.decide(ctx, in, d); err != nil {
			return engine.Decision{}, err
		}
	}
	r, known := l.deposits[d.ID]
	if !known {
		r = &row{deposit: d, fresh: true}
	}
	_, approved := in.Body.(approval)
	if d.Note == "call" && !r.done && !approved {
		l.deposits[d.ID] = r
		return engine.Decision{Call: l.call(d)}, nil
	}
	if !r.done {
		a, ok := l.accounts[d.Account]
		if !ok {
			a = &account{fresh: true}
			l.accounts[d.Account] = a
		}
		a.balance += d.Amount
		a.changed = true
		if l.midway != nil {
			l.midway(d)
		}
		r.balance, r.done, r.changed = a.balance, true, true
		l.deposits[d.ID] = r
	}
	out := balance{Deposit: d.ID, Account: d.Account, Balance: r.balance}
	if l.answer != nil {
		l.answer(d, &out)
	}
	return engine.Decision{Reply: out, Events: []event.Event{{Name: "balances.changed", Subject: d.ID, Payload: out, TraceParent: l.story}}}, nil
}

func (l *ledger) call(d deposit) *engine.Call {
	return &engine.Call{Key: d.ID, Do: func(ctx context.Context) (any, error) {
		return approval{d}, l.approve(ctx, d)
	}}
}

func (l *ledger) Save(_ context.Context, tx *sqldb.Tx) error {
	if l.onSave != nil {
		if err := l.onSave(); err != nil {
			return err
		}
	}
	var added, changed, opened, moved [][]any
	for _, id := range slices.Sorted(maps.Keys(l.deposits)) {
		switch r := l.deposits[id]; {
		case r.fresh:
			added = append(added, []any{id, r.Account, r.Amount, r.balance, r.done})
		case r.changed:
			changed = append(changed, []any{id, r.balance, r.done})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.accounts)) {
		switch a := l.accounts[name]; {
		case a.fresh:
			opened = append(opened, []any{name, a.balance})
		case a.changed:
			moved = append(moved, []any{name, a.balance})
		}
	}
	return cmp.Or(
		tx.Insert("deposits", []sqldb.Column{colID, colAccount, colAmount, colBalance, colDone}, added),
		tx.Update("deposits", []sqldb.Column{colID}, []sqldb.Column{colBalance, colDone}, changed),
		tx.Insert("accounts", []sqldb.Column{colName, colBalance}, opened),
		tx.Update("accounts", []sqldb.Column{colName}, []sqldb.Column{colBalance}, moved),
	)
}

func (l *ledger) Committed() {
	if l.onCommitted != nil {
		l.onCommitted()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.committed++
}
