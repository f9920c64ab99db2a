package order

import "time"

// Tally is how many orders of one status and lane are open, which an order is until
// nothing more is expected of anyone.
type Tally struct {
	Status Status
	Lane   string
	Count  int
	// Oldest is how long ago the oldest was accepted.
	Oldest time.Duration
	// Still is the longest that one of them has made no progress.
	Still time.Duration
}
