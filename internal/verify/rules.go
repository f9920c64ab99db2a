package verify

import (
	"fmt"
	"slices"
)

// rule looks at one order and says what is wrong with it, "" if nothing is.
type rule struct {
	promise Promise
	name    string
	broken  func(*chain) string
}

// rules lists what must hold of every order.
func rules() []rule {
	return slices.Concat(orderRules(), moneyRules(), stockRules(), eventRules())
}

// judge returns what is wrong with an order.
func (c *chain) judge(rules []rule) []fault {
	var faults []fault
	if c.order != nil {
		if f := replay(c.order); f != nil {
			faults = append(faults, *f)
		}
	}
	for _, r := range rules {
		if detail := r.broken(c); detail != "" {
			faults = append(faults, fault{r.promise, r.name, detail})
		}
	}
	return faults
}

// money writes an amount.
func money(minor int64, currency string) string {
	return fmt.Sprintf("%d %s (minor units)", minor, currency)
}
