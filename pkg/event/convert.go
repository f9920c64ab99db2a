package event

import "fmt"

// lift turns a payload of a contract into one of the newest version.
func (n *entry) lift(payload any) (any, error) {
	for ; n.next != nil; n = n.next {
		var err error
		if payload, err = n.Up(payload); err != nil {
			return nil, fmt.Errorf("turn version %d into version %d: %w", n.Version, n.next.Version, err)
		}
	}
	return payload, nil
}

// lower turns a payload of the newest version into one of the version given.
func (n *entry) lower(payload any, version int) (any, error) {
	for ; n.Version > version; n = n.older {
		var err error
		if payload, err = n.Down(payload); err != nil {
			return nil, fmt.Errorf("turn version %d into version %d: %w", n.Version, n.older.Version, err)
		}
	}
	return payload, nil
}

// encode checks a payload of the newest version and turns it into JSON of the
// contract's.
func (r *Registry) encode(c *entry, payload any) ([]byte, error) {
	payload, err := r.newest[c.Name].lower(payload, c.Version)
	if err != nil {
		return nil, err
	}
	return c.Encode(payload)
}
