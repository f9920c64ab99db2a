package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"orderly/payment/gateway"
	"orderly/pkg/httpkit"
	"orderly/pkg/sqldb"
)

const credits = "/v1/payments/" + orderID + "/credits"

type creditJSON struct {
	CreditID    string     `json:"credit_id"`
	OrderID     string     `json:"order_id"`
	State       string     `json:"state"`
	AmountMinor int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	Why         string     `json:"why"`
	By          string     `json:"by"`
	Refusal     string     `json:"refusal"`
	AskedAt     time.Time  `json:"asked_at"`
	SettledAt   *time.Time `json:"settled_at"`
}

type creditedJSON struct {
	State   string       `json:"state"`
	Credits []creditJSON `json:"credits"`
}

// settled waits until no credit of the order is pending.
func (r *rig) settled() []creditJSON {
	r.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		p := must[creditedJSON](r, r.send(http.MethodGet, "/v1/payments/"+orderID, ""), http.StatusOK)
		if len(p.Credits) > 0 && p.Credits[len(p.Credits)-1].State != "pending" {
			return p.Credits
		}
		if time.Now().After(deadline) {
			r.Fatalf("still pending: %+v", p)
		}
	}
}

func (r *rig) givenBack() int64 {
	r.Helper()
	entries, err := r.gateway.OrderLedger(r.Context(), orderID)
	check(r, err)
	return entries[0].RefundedMinor
}

// G2, G4: a refund by hand is given once under its key, and kept with who and
// why.
func TestCredit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.pay("pm_card_visa")
	const body = `{"amount_minor":500,"currency":"EUR","why":"arrived broken","by":"ann"}`
	first := must[creditJSON](t, r.sendKeyed(http.MethodPost, credits, "k1", body), http.StatusAccepted)
	if first.CreditID == "" || first.OrderID != orderID || first.AmountMinor != 500 || first.Currency != "EUR" || first.Why != "arrived broken" || first.By != "ann" || first.AskedAt.IsZero() {
		t.Errorf("credit: %+v", first)
	}
	given := r.settled()[0]
	if given.State != "given" || given.SettledAt == nil || given.CreditID != first.CreditID {
		t.Errorf("given: %+v", given)
	}
	again := r.sendKeyed(http.MethodPost, credits, "k1", body)
	if got := must[creditJSON](t, again, http.StatusAccepted); got.CreditID != first.CreditID || got.State != "given" || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %+v, %v", got, again.Header())
	}
	rest := must[creditJSON](t, r.sendKeyed(http.MethodPost, credits, "k2", `{"why":"gave up","by":"bob"}`), http.StatusAccepted)
	if rest.AmountMinor != 1480 {
		t.Errorf("the rest is %d", rest.AmountMinor)
	}
	if all := r.settled(); len(all) != 2 || r.givenBack() != 1980 {
		t.Errorf("given back %d by %+v", r.givenBack(), all)
	}
}

// G1, G2: a refund whose answers are lost, and whose process ends before it
// knows, is called again by the next one, under the same key.
func TestCreditOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.pay("pm_card_visa")
	check(t, r.gateway.SetSettings(t.Context(), gateway.Settings{LoseAnswers: 1}))
	got := must[creditJSON](t, r.sendKeyed(http.MethodPost, credits, "k1", `{"amount_minor":500,"currency":"EUR","why":"w","by":"b"}`), http.StatusAccepted)
	if got.State != "pending" {
		t.Fatalf("%+v, want it pending", got)
	}
	p := must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, credits, "k2", `{"why":"w","by":"b"}`), http.StatusConflict)
	if p.Type != "urn:orderly:problem:refund-under-way" {
		t.Errorf("another one meanwhile: %+v", p)
	}
	r.stop()
	check(t, r.gateway.SetSettings(t.Context(), gateway.Settings{}))
	check(t, r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("let the time pass", "UPDATE credits SET due_at = 1")
		return nil
	}))
	r.start()
	if given := r.settled(); given[0].State != "given" || r.givenBack() != 500 {
		t.Errorf("given back %d by %+v", r.givenBack(), given)
	}
}

// A refund that the provider will never give says so, and holds up no other.
func TestCreditRefusedByTheProvider(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.pay("pm_card_visa")
	check(t, r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("name a charge that is none", "UPDATE payments SET charge_id = 'ch_none'")
		return nil
	}))
	must[creditJSON](t, r.sendKeyed(http.MethodPost, credits, "k1", `{"why":"w","by":"b"}`), http.StatusAccepted)
	if got := r.settled()[0]; got.State != "refused" || !strings.Contains(got.Refusal, "no such charge") || r.givenBack() != 0 {
		t.Errorf("%+v", got)
	}
	must[creditJSON](t, r.sendKeyed(http.MethodPost, credits, "k2", `{"why":"w","by":"b"}`), http.StatusAccepted)
}

func TestCreditRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const good = `{"why":"w","by":"b"}`
	if p := must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, credits, "k", good), http.StatusNotFound); p.Type != "urn:orderly:problem:payment-not-found" {
		t.Errorf("unknown order: %+v", p)
	}
	r.pay("pm_card_visa")
	for body, location := range map[string]string{
		`{"by":"b"}`:           "body.why",
		`{"why":" ","by":"b"}`: "body.why",
		`{"why":"w"}`:          "body.by",
		`{"amount_minor":0,"currency":"EUR","why":"w","by":"b"}`:   "body.amount_minor",
		`{"amount_minor":-5,"currency":"EUR","why":"w","by":"b"}`:  "body.amount_minor",
		`{"amount_minor":1.5,"currency":"EUR","why":"w","by":"b"}`: "body.amount_minor",
		`{"amount_minor":5,"why":"w","by":"b"}`:                    "body.currency",
		`{"currency":"EUR","why":"w","by":"b"}`:                    "body.currency",
		`{"amount_minor":5,"currency":"EURO","why":"w","by":"b"}`:  "body.currency",
		`{"amount":5,"why":"w","by":"b"}`:                          "body.amount",
		`{"why":"` + strings.Repeat("x", 501) + `","by":"b"}`:      "body.why",
	} {
		p := must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, credits, "k", body), http.StatusUnprocessableEntity)
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%.80s: %+v, want a fault at %s", body, p.Errors, location)
		}
	}
	for body, kind := range map[string]string{
		`{"amount_minor":1981,"currency":"EUR","why":"w","by":"b"}`: "refund-too-large",
		`{"amount_minor":5,"currency":"USD","why":"w","by":"b"}`:    "other-currency",
	} {
		if p := must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, credits, "k", body), http.StatusConflict); p.Type != "urn:orderly:problem:"+kind {
			t.Errorf("%s: %+v, want %s", body, p, kind)
		}
	}
	must[httpkit.Problem](t, r.send(http.MethodPost, credits, good), http.StatusUnprocessableEntity) // no key
	must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, "/v1/payments/7/credits", "k", good), http.StatusUnprocessableEntity)
	if p := must[creditedJSON](t, r.send(http.MethodGet, "/v1/payments/"+orderID, ""), http.StatusOK); len(p.Credits) != 0 || r.givenBack() != 0 {
		t.Errorf("refusals left %+v", p)
	}
}

func TestCreditOfADeclinedPayment(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.pay("pm_card_chargeDeclined")
	p := must[httpkit.Problem](t, r.sendKeyed(http.MethodPost, credits, "k", `{"why":"w","by":"b"}`), http.StatusConflict)
	if p.Type != "urn:orderly:problem:nothing-captured" {
		t.Errorf("%+v", p)
	}
}
