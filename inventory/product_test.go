package inventory_test

import (
	"errors"
	"strings"
	"testing"

	"orderly/inventory"
)

func TestPutIsChecked(t *testing.T) {
	t.Parallel()
	good := inventory.Put{ID: "BANK CHARGES", Name: "Bank charges", Currency: "EUR", UnitPriceMinor: 1500}
	for name, c := range map[string]struct {
		change func(*inventory.Put)
		at     string // "": accepted
	}{
		"as it is":            {func(*inventory.Put) {}, ""},
		"free":                {func(p *inventory.Put) { p.UnitPriceMinor = 0 }, ""},
		"the dearest":         {func(p *inventory.Put) { p.UnitPriceMinor = inventory.MaxMoneyMinor }, ""},
		"the longest name":    {func(p *inventory.Put) { p.Name = strings.Repeat("é", 200) }, ""},
		"no id":               {func(p *inventory.Put) { p.ID = "" }, "path.id"},
		"an id with a dot":    {func(p *inventory.Put) { p.ID = "a.b" }, "path.id"},
		"no name":             {func(p *inventory.Put) { p.Name = "" }, "body.name"},
		"too long a name":     {func(p *inventory.Put) { p.Name = strings.Repeat("x", 201) }, "body.name"},
		"a name of two lines": {func(p *inventory.Put) { p.Name = "a\nb" }, "body.name"},
		"a name after a bell": {func(p *inventory.Put) { p.Name = "\amug" }, "body.name"},
		"a broken name":       {func(p *inventory.Put) { p.Name = "\xff" }, "body.name"},
		"no currency":         {func(p *inventory.Put) { p.Currency = "" }, "body.currency"},
		"an unknown currency": {func(p *inventory.Put) { p.Currency = "ABC" }, "body.currency"},
		"a price below zero":  {func(p *inventory.Put) { p.UnitPriceMinor = -1 }, "body.unit_price_minor"},
		"a price beyond JSON": {func(p *inventory.Put) { p.UnitPriceMinor = inventory.MaxMoneyMinor + 1 }, "body.unit_price_minor"},
		"a small currency":    {func(p *inventory.Put) { p.Currency = "eur" }, "body.currency"},
	} {
		put := good
		c.change(&put)
		checkRefusal(t, name, put.Check(), c.at)
	}
}

func TestAdjustIsChecked(t *testing.T) {
	t.Parallel()
	good := inventory.Adjust{ProductID: "mug", Delta: 5, Reason: "delivery"}
	for name, c := range map[string]struct {
		change func(*inventory.Adjust)
		at     string
	}{
		"as it is":          {func(*inventory.Adjust) {}, ""},
		"down":              {func(a *inventory.Adjust) { a.Delta = -5 }, ""},
		"the most":          {func(a *inventory.Adjust) { a.Delta = inventory.MaxStock }, ""},
		"the least":         {func(a *inventory.Adjust) { a.Delta = -inventory.MaxStock }, ""},
		"no product":        {func(a *inventory.Adjust) { a.ProductID = "" }, "path.id"},
		"nothing":           {func(a *inventory.Adjust) { a.Delta = 0 }, "body.delta"},
		"too much":          {func(a *inventory.Adjust) { a.Delta = inventory.MaxStock + 1 }, "body.delta"},
		"too little":        {func(a *inventory.Adjust) { a.Delta = -inventory.MaxStock - 1 }, "body.delta"},
		"no reason":         {func(a *inventory.Adjust) { a.Reason = "" }, "body.reason"},
		"a long reason":     {func(a *inventory.Adjust) { a.Reason = strings.Repeat("x", 201) }, "body.reason"},
		"a reason with \\0": {func(a *inventory.Adjust) { a.Reason = "a\x00" }, "body.reason"},
	} {
		adjust := good
		c.change(&adjust)
		checkRefusal(t, name, adjust.Check(), c.at)
	}
}

// checkRefusal wants one problem, at a location, or none if that is empty.
func checkRefusal(t *testing.T, name string, err error, at string) {
	t.Helper()
	if at == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var refusal inventory.Refusal
	if !errors.As(err, &refusal) || len(refusal) != 1 || refusal[0].Location != at {
		t.Errorf("%s: error is %v, want one problem at %s", name, err, at)
	}
}

func TestPutKeepsTheStock(t *testing.T) {
	t.Parallel()
	put := inventory.Put{ID: "mug", Name: "Big mug", Currency: "EUR", UnitPriceMinor: 300}
	want := shop()["mug"]
	want.Name, want.UnitPriceMinor, want.UpdatedAt = "Big mug", 300, noon
	if got := put.Apply(shop()["mug"], noon); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	made := inventory.Product{ID: "mug", Name: "Big mug", Currency: "EUR", UnitPriceMinor: 300, UpdatedAt: noon}
	if got := put.Apply(inventory.Product{}, noon); got != made {
		t.Errorf("got %+v, want %+v", got, made)
	}
}

func TestG3_AdjustNeverTakesWhatIsReserved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delta     int64
		available int64
		fails     bool
	}{
		{5, 13, false},
		{-8, 0, false},
		{-9, 8, true},
		{-inventory.MaxStock, 8, true},
		{inventory.MaxStock - 10, inventory.MaxStock - 2, false},
	} {
		before := shop()["mug"]
		got, err := inventory.Adjust{ProductID: "mug", Delta: c.delta, Reason: "count"}.Apply(before, noon)
		if errors.Is(err, inventory.ErrNotEnough) != c.fails || (err != nil) != c.fails {
			t.Errorf("%d: error is %v, want ErrNotEnough %t", c.delta, err, c.fails)
		}
		if c.fails && got != before {
			t.Errorf("%d: refused, but the product became %+v", c.delta, got)
		}
		if got.UpdatedAt.Equal(noon) == c.fails {
			t.Errorf("%d: updated at %v", c.delta, got.UpdatedAt)
		}
		if got.Available != c.available || got.Reserved != before.Reserved || got.OnHand != got.Available+got.Reserved || got.Sold != before.Sold {
			t.Errorf("%d: the product became %+v, want %d available", c.delta, got, c.available)
		}
	}
}

func TestAdjustNeverMakesMoreThanFits(t *testing.T) {
	t.Parallel()
	before := shop()["mug"]
	got, err := inventory.Adjust{ProductID: "mug", Delta: inventory.MaxStock - 9, Reason: "count"}.Apply(before, noon)
	checkRefusal(t, "one more than fits", err, "body.delta")
	if got != before {
		t.Errorf("refused, but the product became %+v", got)
	}
}
