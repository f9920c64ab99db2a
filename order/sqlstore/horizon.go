package sqlstore

import "time"

// horizon is, by lane, the time up to which the other services have heard
// everything, by the database's clock, as all times of orders are.
type horizon struct {
	now     time.Time
	behind  map[string]time.Time // before now
	unknown bool                 // on every lane: it may be any time ago
}

// reached reports whether nobody is behind.
func (h horizon) reached() bool { return len(h.behind) == 0 && !h.unknown }

func (h horizon) of(lane string) time.Time {
	if h.unknown {
		return time.Unix(0, 0)
	}
	if at, ok := h.behind[lane]; ok {
		return at
	}
	return h.now
}

// least is that of the lane that is behind most.
func (h horizon) least() time.Time {
	least := h.now
	for _, at := range h.behind {
		if at.Before(least) {
			least = at
		}
	}
	return least
}
