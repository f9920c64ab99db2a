package verify

import (
	"fmt"
	"maps"
	"slices"

	"orderly/internal/audit"
)

// stock adds up what the reservations say of each product. Reservations and
// products are of one snapshot, so that the sums hold at every moment.
type stock map[string]*units

type units struct{ reserved, sold int64 }

func (s stock) add(r *audit.Reservation) {
	for _, l := range r.Lines {
		if r.State != "reserved" && r.State != "committed" {
			continue
		}
		u := s[l.ProductID]
		if u == nil {
			u = &units{}
			s[l.ProductID] = u
		}
		if r.State == "reserved" {
			u.reserved += l.Quantity
		} else {
			u.sold += l.Quantity
		}
	}
}

// judge returns what is wrong with a product and takes it out.
func (s stock) judge(p *audit.Product) []fault {
	u := s[p.ID]
	if u == nil {
		u = &units{}
	}
	delete(s, p.ID)
	var faults []fault
	check := func(rule string, holds bool, format string, args ...any) {
		if !holds {
			faults = append(faults, fault{NoOversell, rule, fmt.Sprintf(format, args...)})
		}
	}
	check("negative_stock", min(p.OnHand, p.Available, p.Reserved, p.Sold) >= 0,
		"on hand %d, available %d, reserved %d, sold %d: none may be below zero", p.OnHand, p.Available, p.Reserved, p.Sold)
	check("on_hand", p.OnHand == p.Available+p.Reserved,
		"on hand are %d, available %d and reserved %d make %d", p.OnHand, p.Available, p.Reserved, p.Available+p.Reserved)
	check("reserved", p.Reserved == u.reserved,
		"reserved are %d, the reservations hold %d", p.Reserved, u.reserved)
	check("sold", p.Sold == u.sold,
		"sold are %d, the confirmed orders took %d", p.Sold, u.sold)
	check("adjustments", p.OnHand == p.Adjusted-p.Sold,
		"on hand are %d, the adjustments make %d, of which %d are sold", p.OnHand, p.Adjusted, p.Sold)
	return faults
}

// unknown returns the products that reservations hold and that are none.
func (s stock) unknown() []string { return slices.Sorted(maps.Keys(s)) }
