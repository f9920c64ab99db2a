package httpkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Check says what is wrong with something that the process needs; nil if
// nothing. It should end with its context.
type Check func(ctx context.Context) error

// Warning marks what a check found as no reason to fail: the check counts as well,
// and its answer says what was found. Warning(nil) is nil.
func Warning(err error) error {
	if err == nil {
		return nil
	}
	return &warning{err}
}

type warning struct{ err error }

func (w *warning) Error() string { return w.err.Error() }
func (w *warning) Unwrap() error { return w.err }

const checkTimeout = 2 * time.Second

// Health answers how the process is. Make it with [NewHealth].
type Health struct {
	timeout time.Duration

	mu       sync.Mutex // guards what follows
	ready    []*probe
	live     []*probe
	stopping bool
}

// NewHealth returns a registry without checks: all is well.
func NewHealth() *Health { return &Health{timeout: checkTimeout} }

// Ready adds a check of something without which requests cannot be answered,
// as a database.
func (h *Health) Ready(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = append(h.ready, &probe{name: name, check: check})
}

// Live adds a check of the process itself. If it fails the process should be
// started again, so it must look at nothing outside.
func (h *Health) Live(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live = append(h.live, &probe{name: name, check: check})
}

// ShuttingDown makes /health and /readyz fail from now on, so that no new
// requests are sent here. It is to be called before anything is stopped.
func (h *Health) ShuttingDown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopping = true
}

// Register serves the checks: /health and /readyz those of Ready, /livez those
// of Live. The status is 200 if all are well and 503 if not. A check that takes
// more than two seconds has failed.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", h.serveReady)
	mux.HandleFunc("GET /readyz", h.serveReady)
	mux.HandleFunc("GET /livez", h.serveLive)
}

// Report is the answer to a question for health.
type Report struct {
	Status string            `json:"status"` // ok or unavailable
	Checks map[string]Result `json:"checks"`
}

// Result is what one check found.
type Result struct {
	Status string `json:"status"` // ok or failed
	Error  string `json:"error,omitempty"`
	// Warning is what is wrong and yet no reason to fail.
	Warning string `json:"warning,omitempty"`
}

const (
	statusOK          = "ok"
	statusFailed      = "failed"
	statusUnavailable = "unavailable"
)

// OK reports whether all is well.
func (r Report) OK() bool { return r.Status == statusOK }

// Failing lists the checks that were not passed, by name, with their errors.
func (r Report) Failing() []string {
	out := []string{}
	for name, result := range r.Checks {
		if !result.OK() {
			out = append(out, name+": "+result.Error)
		}
	}
	slices.Sort(out)
	return out
}

// OK reports whether the check was passed, perhaps with a warning.
func (r Result) OK() bool { return r.Status == statusOK }

// Readiness runs the checks of Ready, as /readyz does. It takes no longer than ctx,
// or two seconds.
func (h *Health) Readiness(ctx context.Context) Report {
	h.mu.Lock()
	probes, stopping := h.ready, h.stopping
	h.mu.Unlock()
	report := h.ask(ctx, probes)
	if stopping {
		report.Status = statusUnavailable
		report.Checks["process"] = Result{Status: statusFailed, Error: "the process is shutting down"}
	}
	return report
}

// Stopping reports whether ShuttingDown was called.
func (h *Health) Stopping() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopping
}

func (h *Health) serveReady(w http.ResponseWriter, r *http.Request) {
	answer(w, h.Readiness(r.Context()))
}

func (h *Health) serveLive(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	probes := h.live
	h.mu.Unlock()
	answer(w, h.ask(r.Context(), probes))
}

func answer(w http.ResponseWriter, report Report) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if report.Status != statusOK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report) // the client may have gone
}

// ask runs the checks beside each other.
func (h *Health) ask(ctx context.Context, probes []*probe) Report {
	flights := make([]*flight, len(probes))
	for i, p := range probes {
		flights[i] = p.start(h.timeout)
	}
	deadline := time.NewTimer(h.timeout)
	defer deadline.Stop()
	late := false
	report := Report{Status: statusOK, Checks: make(map[string]Result, len(probes))}
	for i, f := range flights {
		if !late {
			select {
			case <-f.done:
			case <-deadline.C:
				late = true
			case <-ctx.Done():
				late = true
			}
		}
		result := f.result(h.timeout)
		report.Checks[probes[i].name] = result
		if result.Status != statusOK {
			report.Status = statusUnavailable
		}
	}
	return report
}

// probe runs its check at most once at a time, however many ask and however
// long it hangs.
type probe struct {
	name  string
	check Check

	mu      sync.Mutex // guards running
	running *flight
}

type flight struct {
	done chan struct{}
	err  error // to be read once done is closed
}

func (p *probe) start(timeout time.Duration) *flight {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return p.running
	}
	f := &flight{done: make(chan struct{})}
	p.running = f
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		f.err = p.run(ctx)
		p.mu.Lock()
		p.running = nil
		p.mu.Unlock()
		close(f.done)
	}()
	return f
}

func (p *probe) run(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the check panicked: %v", v)
		}
	}()
	return p.check(ctx)
}

func (f *flight) result(timeout time.Duration) Result {
	err := errors.New("no answer within " + timeout.String())
	select {
	case <-f.done:
		err = f.err
	default:
	}
	var w *warning
	switch {
	case errors.As(err, &w):
		return Result{Status: statusOK, Warning: w.Error()}
	case err != nil:
		return Result{Status: statusFailed, Error: err.Error()}
	}
	return Result{Status: statusOK}
}
