package model

import (
	"fmt"
	"testing"
)

const (
	price  = 10
	raised = 12
)

// named is a setting with the name of its tests.
type named struct {
	name string
	setting
}

// settings are the worlds of one order.
func settings() []named {
	shown := int64(price)
	return []named{
		{"the gateway remembers", setting{customers: 1, price: price, raised: raised}},
		{"the gateway forgets", setting{customers: 1, price: price, raised: raised, forgets: true}},
		{"the total must be as it was shown", setting{customers: 1, price: price, raised: raised, forgets: true, expected: &shown}},
		{"free of charge", setting{customers: 1, forgets: true}},
		{"a part is given back by hand", setting{customers: 1, price: price, credit: 4}},
		{"a part is given back by hand, the gateway forgets", setting{customers: 1, price: price, credit: 4, forgets: true}},
		{"all is given back by hand, the gateway forgets", setting{customers: 1, price: price, credit: price, forgets: true}},
	}
}

// rivalries are the worlds of two orders that compete for one unit.
func rivalries() []named {
	return []named{
		{"while the price changes", setting{customers: 2, price: price, raised: raised}},
		{"while the gateway forgets its keys", setting{customers: 2, price: price, forgets: true}},
	}
}

// TestG1_G2_G3_OneOrder proves that an order closes, is charged rightly and
// keeps the stock right whatever is lost, repeated, late or killed.
func TestG1_G2_G3_OneOrder(t *testing.T) {
	t.Parallel()
	exploreAll(t, settings())
}

// TestG1_G2_G3_TwoOrdersForOneUnit proves the same of two orders that compete.
func TestG1_G2_G3_TwoOrdersForOneUnit(t *testing.T) {
	t.Parallel()
	exploreAll(t, rivalries())
}

func exploreAll(t *testing.T, all []named) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			found, states := newWorld(shipped(), s.setting).explore()
			if found != nil {
				t.Fatal(found)
			}
			t.Logf("%d states", states)
		})
	}
}

// TestG1_NobodyNeedsARedriveIfNothingGoesWrong proves that redrive is for
// faults: an order of a calm world closes without it.
func TestG1_NobodyNeedsARedriveIfNothingGoesWrong(t *testing.T) {
	t.Parallel()
	for _, s := range settings() {
		for _, day := range calms() {
			t.Run(fmt.Sprintf("%s, %+v", s.name, day), func(t *testing.T) {
				t.Parallel()
				found, states := newWorld(shipped(), s.setting).calm(day)
				if found != nil {
					t.Fatal(found)
				}
				t.Logf("%d states", states)
			})
		}
	}
}
