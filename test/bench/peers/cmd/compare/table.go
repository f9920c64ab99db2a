package main

import (
	"fmt"
	"io"
	"strings"

	"orderly/test/bench/peers/result"
)

// table collects what was measured, a row for each peer in each mode.
type table struct {
	rows []*tableRow
}

type tableRow struct {
	mode, peer string
	runs       []measured
	failed     bool
}

func newTable() *table { return &table{} }

func (t *table) add(mode, peer string, m measured, err error) {
	r := t.row(mode, peer)
	if r == nil {
		r = &tableRow{mode: mode, peer: peer}
		t.rows = append(t.rows, r)
	}
	r.runs = append(r.runs, m)
	r.failed = r.failed || err != nil
}

func (t *table) row(mode, peer string) *tableRow {
	for _, r := range t.rows {
		if r.mode == mode && r.peer == peer {
			return r
		}
	}
	return nil
}

// print writes the table in Markdown.
func (t *table) print(w io.Writer) {
	line := func(cells ...string) { fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |") }
	head := []string{
		"NATS syncs", "system", "ended/s", "× floor", "CPU s per 1,000", "system / PostgreSQL / NATS", "× floor", "accept",
		fmt.Sprintf("at %d/s: accept", steadyRate), "done", "half of ended/s", "accept", "done",
		"hot product: ended/s", "CPU × uniform", "orders", "books",
	}
	line(head...)
	line(strings.Split(strings.Repeat("---,", len(head)-1)+"---", ",")...)
	for _, r := range t.rows {
		floor := t.row(r.mode, "floor")
		line(r.mode, r.peer,
			r.number("%.0f", uniform, ended), over(r, floor, uniform, ended),
			r.number("%.3f", uniform, cpu), r.parts(), over(r, floor, uniform, cpu),
			r.pair(uniform, acceptP50, acceptP99),
			r.pair(steady, acceptP50, acceptP99), r.pair(steady, doneP50, doneP99),
			r.number("%.0f/s", half, rate), r.pair(half, acceptP50, acceptP99), r.pair(half, doneP50, doneP99),
			r.number("%.0f", hot, ended), r.ratio("%.2f", r.median(hot, cpu), r.median(uniform, cpu)),
			r.number("%.0f", uniform, orders), r.verdict())
	}
	fmt.Fprintln(w, "\nAccept and done are p50 / p99 in ms; in the open loops from the time at which an order was due. Medians of all runs.")
}

// figure picks one number of a result; 0 is none.
type figure func(result.Result) float64

func ended(r result.Result) float64     { return r.EndedRate }
func cpu(r result.Result) float64       { return r.ServerCPU["total"] }
func acceptP50(r result.Result) float64 { return r.AcceptP50 }
func acceptP99(r result.Result) float64 { return r.AcceptP99 }
func doneP50(r result.Result) float64   { return r.DoneP50 }
func doneP99(r result.Result) float64   { return r.DoneP99 }
func rate(r result.Result) float64      { return r.Rate }
func orders(r result.Result) float64    { return float64(r.Orders) }

const none = "–"

func (r *tableRow) median(scenario string, f figure) float64 {
	var v []float64
	for _, m := range r.runs {
		if res, ok := m[scenario]; ok {
			v = append(v, f(res))
		}
	}
	return result.Median(v)
}

func (r *tableRow) number(format, scenario string, f figure) string {
	if v := r.median(scenario, f); v != 0 {
		return fmt.Sprintf(format, v)
	}
	return none
}

func (r *tableRow) pair(scenario string, a, b figure) string {
	if r.median(scenario, a) == 0 {
		return none
	}
	return r.number("%.1f", scenario, a) + " / " + r.number("%.1f", scenario, b)
}

// parts is the CPU of each process.
func (r *tableRow) parts() string {
	var parts []string
	for _, name := range []string{"peer", "postgres", "nats"} {
		parts = append(parts, r.number("%.3f", uniform, func(res result.Result) float64 { return res.ServerCPU[name] }))
	}
	return strings.Join(parts, " / ")
}

func (r *tableRow) ratio(format string, a, b float64) string {
	if a == 0 || b == 0 {
		return none
	}
	return fmt.Sprintf(format, a/b)
}

func over(r, floor *tableRow, scenario string, f figure) string {
	if floor == nil {
		return none
	}
	return r.ratio("%.2f", r.median(scenario, f), floor.median(scenario, f))
}

func (r *tableRow) verdict() string {
	if r.failed {
		return "**failed**"
	}
	return "right"
}
