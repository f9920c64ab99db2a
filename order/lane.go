package order

import "slices"

// The lanes. All events of an order travel on its lane, and those on Express pass
// the ones that wait on Standard.
const (
	Standard = "standard"
	Express  = "express"
)

// Lanes lists every lane, the usual one first.
func Lanes() []string { return []string{Standard, Express} }

func checkLane(r Refusal, lane string) Refusal {
	if !slices.Contains(Lanes(), lane) {
		return append(r, Problem{"body.priority", "must be standard or express"})
	}
	return r
}
