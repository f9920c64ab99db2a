package verify

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Options say what to audit and how patiently.
type Options struct {
	// URL is where the system answers, as "http://127.0.0.1:8080". Required,
	// unless Source is given.
	URL string
	// InventoryURL and PaymentURL are where these services answer if they run
	// apart. Empty means URL.
	InventoryURL, PaymentURL string
	// Client makes the requests; nil means one without a time limit.
	Client *http.Client
	// Source replaces the reading over HTTP.
	Source Source

	// Wait is how long to wait for the orders placed before the call to close.
	// One that has not by then is a finding. 0 does not wait.
	Wait time.Duration
	// Grace is how long an order must have been closed to be judged; 0 means
	// 5 seconds.
	Grace time.Duration
	// Overdue is how long after its deadline an order that has not ended is a
	// finding; 0 means one minute.
	Overdue time.Duration
	// Confirm is the pause before a second look at what the first one found: a
	// finding counts only if it is still there. Right after a crash an event may
	// be on its way that the broker has yet to deliver again. 0 looks once.
	Confirm time.Duration
	// MaxFindings is how many findings the report holds; 0 means 1000.
	MaxFindings int
}

const (
	defaultGrace       = 5 * time.Second
	defaultOverdue     = time.Minute
	defaultMaxFindings = 1000
)

// Run audits a system. The error means that the audit could not be made, as
// when a service does not answer or a feed was cut; what was found until then
// is in the report all the same.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Source == nil {
		source, err := newOverHTTP(o)
		if err != nil {
			return Report{}, err
		}
		o.Source = source
	}
	o.Grace = cmp.Or(o.Grace, defaultGrace)
	o.Overdue = cmp.Or(o.Overdue, defaultOverdue)
	o.MaxFindings = cmp.Or(o.MaxFindings, defaultMaxFindings)
	var w waited
	if o.Wait > 0 {
		var err error
		if w, err = wait(ctx, o); err != nil {
			return Report{}, err
		}
	}
	first, err := look(ctx, o, w)
	if err != nil || first.Clean() || o.Confirm <= 0 {
		return first, err
	}
	select {
	case <-time.After(o.Confirm):
	case <-ctx.Done():
		return first, ctx.Err()
	}
	second, err := look(ctx, o, w)
	return second.confirming(first), err
}

func look(ctx context.Context, o Options, w waited) (Report, error) {
	a := newAuditor(o, w)
	err := a.run(ctx)
	return a.report, err
}
