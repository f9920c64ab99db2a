// Package result is what one measurement found, as the programs hand it on.
package result

import "slices"

// Result is one measurement of one system. Latencies are in milliseconds; in an
// open loop they count from the time at which an order was due.
type Result struct {
	Orders      int     `json:"orders"`
	Connections int     `json:"connections"`
	Rate        float64 `json:"rate,omitempty"` // orders a second of an open loop
	WarmedUp    int64   `json:"warmed_up"`      // orders accepted before the measurement
	Accepted    int64   `json:"accepted"`
	Errors      int64   `json:"errors"`
	Done        bool    `json:"done"` // all accepted orders have ended
	AcceptRate  float64 `json:"accepted_per_s"`
	AcceptP50   float64 `json:"accept_p50_ms"`
	AcceptP99   float64 `json:"accept_p99_ms"`
	EndedRate   float64 `json:"ended_per_s"` // first POST to last end
	DrainS      float64 `json:"drain_s"`     // last accept to last end
	Followed    int     `json:"followed,omitempty"`
	DoneP50     float64 `json:"done_p50_ms,omitempty"`
	DoneP99     float64 `json:"done_p99_ms,omitempty"`
	ClientCPU   float64 `json:"client_cpu_s_per_1000"`
	// ServerCPU is seconds per 1,000 orders, by process and as "total".
	ServerCPU map[string]float64 `json:"server_cpu_s_per_1000,omitempty"`
}

// Failed reports that the figures are not to be trusted.
func (r Result) Failed() bool { return !r.Done || r.Errors > 0 }

// Quantile returns the q-quantile of v, which it sorts; 0 of nothing.
func Quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[min(int(q*float64(len(v))), len(v)-1)]
}

// Median returns the middle of v, which it sorts; 0 of nothing.
func Median(v []float64) float64 {
	if len(v)%2 == 1 || len(v) == 0 {
		return Quantile(v, .5)
	}
	slices.Sort(v)
	return (v[len(v)/2-1] + v[len(v)/2]) / 2
}
