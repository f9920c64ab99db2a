package daemon

import (
	"fmt"
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// Profiles are served where `go tool pprof` looks for them. net/http/pprof, which
// does it too, adds 200 kB to each program for what it can do beside: a page for
// browsers, differences of two profiles, symbols for other languages.

const (
	profileSeconds    = 30
	maxProfileSeconds = 300
)

func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
	mux.HandleFunc("GET /debug/pprof/profile", profileCPU)
	mux.HandleFunc("GET /debug/pprof/{name}", profile)
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "profile?seconds=30")
	for _, p := range pprof.Profiles() {
		fmt.Fprintf(w, "%s?debug=1 (%d)\n", p.Name(), p.Count())
	}
}

// profile writes one of the runtime's profiles, as text if debug is not 0.
func profile(w http.ResponseWriter, r *http.Request) {
	p := pprof.Lookup(r.PathValue("name"))
	if p == nil {
		http.Error(w, "there is no such profile: see /debug/pprof/", http.StatusNotFound)
		return
	}
	debug, err := number(r, "debug", 0, 2)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = p.WriteTo(w, debug) // a client that is gone is no fault
}

// profileCPU watches the processor for a while, or until the client has enough.
func profileCPU(w http.ResponseWriter, r *http.Request) {
	seconds, err := number(r, "seconds", profileSeconds, maxProfileSeconds)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := pprof.StartCPUProfile(w); err != nil {
		http.Error(w, err.Error(), http.StatusConflict) // one runs already
		return
	}
	defer pprof.StopCPUProfile()
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
	case <-r.Context().Done():
	}
}

// number reads a whole number from 0 to most.
func number(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s: %q is not a number from 0 to %d", name, text, most)
	}
	return n, nil
}
