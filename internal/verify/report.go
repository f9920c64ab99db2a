package verify

import (
	"fmt"
	"slices"
)

// Promise names what was broken.
type Promise string

// The promises that can be audited from outside.
const (
	NothingLost   Promise = "G1" // every order reaches exactly one end
	NoWrongCharge Promise = "G2" // captured once for its total, or nothing in the end
	NoOversell    Promise = "G3" // every unit is accounted for
	Idempotent    Promise = "G4" // nothing has a second effect
	InAgreement   Promise = "G5" // state and events tell the same
)

// Finding is one rule that one order or product breaks.
type Finding struct {
	Promise   Promise `json:"promise"`
	Rule      string  `json:"rule"`                 // stable and short, as "captured_twice"
	OrderID   string  `json:"order_id,omitempty"`   // what breaks it: an order,
	ProductID string  `json:"product_id,omitempty"` // or a product
	Detail    string  `json:"detail"`               // what was found and what should be
}

// String is the finding in one line.
func (f Finding) String() string {
	what := "order " + f.OrderID
	if f.OrderID == "" {
		what = "product " + f.ProductID
	}
	return fmt.Sprintf("%s %s: %s: %s", f.Promise, what, f.Rule, f.Detail)
}

// Report is the result of an audit.
type Report struct {
	Orders    int `json:"orders"` // all, of which
	Confirmed int `json:"confirmed"`
	Cancelled int `json:"cancelled"`
	Open      int `json:"open"`   // not closed yet
	Recent    int `json:"recent"` // closed too recently to be judged as closed

	Products int `json:"products"`
	Charges  int `json:"charges"`
	Events   int `json:"events"` // in the streams, repeats included
	// Unreadable counts what lies in the streams and is no event of a known
	// contract. It ends in the dead letters and is no finding.
	Unreadable int `json:"unreadable"`

	// Findings holds the first of them; Faults counts all.
	Findings []Finding `json:"findings"`
	Faults   int       `json:"faults"`
}

// confirming keeps the findings that an earlier report had too.
func (r Report) confirming(earlier Report) Report {
	if r.Faults > len(r.Findings) || earlier.Faults > len(earlier.Findings) {
		return r // not all are known: nothing can be ruled out
	}
	had := make(map[Finding]bool, len(earlier.Findings))
	for _, f := range earlier.Findings {
		f.Detail = ""
		had[f] = true
	}
	r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool {
		f.Detail = ""
		return !had[f]
	})
	r.Faults = len(r.Findings)
	return r
}

// Clean reports whether no rule was broken.
func (r Report) Clean() bool { return r.Faults == 0 }
