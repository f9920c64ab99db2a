package engine

import (
	"sort"
	"sync/atomic"
	"time"
)

// Distribution is how the values of something that was measured are spread. The
// zero value has none.
type Distribution struct {
	// Bounds are the upper ends of the buckets, in seconds or, of a size, in
	// inputs; what is beyond the last is in Count alone.
	Bounds []float64
	// Below is, for each of Bounds, how many values were not above it.
	Below []uint64
	Count uint64
	Sum   float64
}

// histogram counts values without a lock. A snapshot that is taken meanwhile may
// miss the latest value in some of its figures.
type histogram struct {
	unit   float64 // of what is shown, in what is counted
	bounds []int64
	counts []atomic.Uint64 // one for each bound, and one for what is beyond
	sum    atomic.Int64
}

func newHistogram(unit float64, bounds ...int64) *histogram {
	return &histogram{unit: unit, bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// newTimes is a histogram of times, from 0.1 ms to half a minute.
func newTimes() *histogram {
	var bounds []int64
	for _, d := range []time.Duration{100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond} {
		bounds = append(bounds, int64(d))
	}
	for _, ms := range []int64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000, 30_000} {
		bounds = append(bounds, ms*int64(time.Millisecond))
	}
	return newHistogram(float64(time.Second), bounds...)
}

func (h *histogram) add(value int64) {
	i := sort.Search(len(h.bounds), func(i int) bool { return value <= h.bounds[i] })
	h.counts[i].Add(1)
	h.sum.Add(value)
}

func (h *histogram) snapshot() Distribution {
	d := Distribution{
		Bounds: make([]float64, len(h.bounds)),
		Below:  make([]uint64, len(h.bounds)),
		Sum:    float64(h.sum.Load()) / h.unit,
	}
	for i, bound := range h.bounds {
		d.Count += h.counts[i].Load()
		d.Bounds[i], d.Below[i] = float64(bound)/h.unit, d.Count
	}
	d.Count += h.counts[len(h.bounds)].Load()
	return d
}
