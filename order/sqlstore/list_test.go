package sqlstore_test

import (
	"fmt"
	"testing"

	"orderly/internal/storetest"
	"orderly/order"
)

// shop has 40 orders, each ten of which stand elsewhere; every fourth is of the
// customer c-0, and so on.
func shop(t testing.TB, r storetest.Replica) {
	t.Helper()
	var placed, moved []any
	for n := range 40 {
		p := place(n)
		p.CustomerID = fmt.Sprintf("c-%d", n%4)
		placed = append(placed, p)
		switch n / 10 {
		case 1:
			moved = append(moved, reserved(n))
		case 2:
			moved = append(moved, captured(n))
		case 3:
			moved = append(moved, cancel(n))
		}
	}
	r.Do(t, placed...)
	r.Do(t, moved...)
}

// pages lists all pages of a filter, as the numbers of the orders.
func pages(t *testing.T, r storetest.Replica, f order.Filter) [][]int {
	t.Helper()
	var out [][]int
	for {
		found, err := store(r).List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return out
		}
		var page []int
		for _, o := range found {
			var n int
			if _, err := fmt.Sscanf(o.ID[24:], "%x", &n); err != nil {
				t.Fatal(err)
			}
			page = append(page, n)
			if f.Status != "" && o.Status != f.Status || f.CustomerID != "" && o.CustomerID != f.CustomerID {
				t.Errorf("%s of %s is in the list of %+v", o.Status, o.CustomerID, f)
			}
		}
		out = append(out, page)
		f.Before = found[len(found)-1].ID
	}
}

func TestList_pages(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		shop(t, r)
		down := func(from, to int) (page []int) {
			for n := from; n >= to; n-- {
				page = append(page, n)
			}
			return page
		}
		for _, test := range []struct {
			filter order.Filter
			want   [][]int
		}{
			{order.Filter{Limit: 100}, [][]int{down(39, 0)}},
			{order.Filter{Limit: 25}, [][]int{down(39, 15), down(14, 0)}},
			{order.Filter{Limit: 100, Before: id(5)}, [][]int{down(4, 0)}},
			{order.Filter{Limit: 6, Status: order.Pending}, [][]int{down(9, 4), down(3, 0)}},
			{order.Filter{Limit: 6, Status: order.Reserved}, [][]int{down(19, 14), down(13, 10)}},
			{order.Filter{Limit: 6, Status: order.Confirmed}, [][]int{down(29, 24), down(23, 20)}},
			{order.Filter{Limit: 6, Status: order.Cancelled}, [][]int{down(39, 34), down(33, 30)}},
			{order.Filter{Limit: 8, CustomerID: "c-1"}, [][]int{{37, 33, 29, 25, 21, 17, 13, 9}, {5, 1}}},
			{order.Filter{Limit: 2, CustomerID: "c-1", Status: order.Cancelled}, [][]int{{37, 33}}},
			{order.Filter{Limit: 2, CustomerID: "c-1", Status: order.Reserved}, [][]int{{17, 13}}},
			{order.Filter{Limit: 9, CustomerID: "nobody"}, nil},
		} {
			storetest.Want(t, fmt.Sprintf("%+v", test.filter), pages(t, r, test.filter), test.want)
		}
	})
}

// An ended order stays in the list of its end once it is closed.
func TestList_has_closed_orders(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1), reserved(1), captured(1), committed(1), place(2), rejected(2))
		storetest.Want(t, "confirmed", pages(t, r, order.Filter{Limit: 9, Status: order.Confirmed}), "[[1]]")
		storetest.Want(t, "cancelled", pages(t, r, order.Filter{Limit: 9, Status: order.Cancelled}), "[[2]]")
		storetest.Want(t, "pending", pages(t, r, order.Filter{Limit: 9, Status: order.Pending}), "[]")
	})
}
