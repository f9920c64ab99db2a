package main

// dashboard is what is on one dashboard.
type dashboard struct {
	name  string // of its file, and in its address
	title string
	about string
	// choices are labels by which all queries can be narrowed: each is a variable
	// that has the values of a label of a metric.
	choices []choice
	fields  []field
	links   []link
	rows    []row
}

type choice struct{ label, metric string }

// field is a variable that somebody types in.
type field struct{ name, label, value string }

// link leads elsewhere; the address may have variables.
type link struct{ title, url string }

type row struct {
	title  string
	panels []panel
}

// panel is one picture.
type panel struct {
	kind    string // timeseries, stat or table
	title   string
	about   string
	unit    string // Grafana's name of it
	width   int    // of 24; 0 is 8
	bad     float64
	queries []query
	words   map[string]string // what values are called
}

// query is PromQL; legend says how each of its series is called.
type query struct{ expr, legend string }

// graph shows how something was.
func graph(title, unit string, queries ...query) panel {
	return panel{kind: "timeseries", title: title, unit: unit, queries: queries}
}

// number shows how something is now.
func number(title, unit, expr, legend string) panel {
	return panel{kind: "stat", title: title, unit: unit, width: 4, queries: []query{{expr, legend}}}
}

// table shows the labels of what is there now, and its value.
func table(title, unit, expr string) panel {
	return panel{kind: "table", title: title, unit: unit, width: 12, queries: []query{{expr, ""}}}
}

// saying explains the panel.
func (p panel) saying(about string) panel { p.about = about; return p }

// from marks values from bad on.
func (p panel) from(bad float64) panel { p.bad = bad; return p }

// wide is how much of the 24 columns it takes.
func (p panel) wide(columns int) panel { p.width = columns; return p }

// reading shows words in the place of values.
func (p panel) reading(words map[string]string) panel { p.words = words; return p }

// spread is how a histogram is spread: the middle, and what one in a hundred exceeds.
func spread(title, histogram, by string) panel {
	legend := " {{" + by + "}}"
	return graph(title, "s",
		query{quantile("0.5", histogram, by), "p50" + legend},
		query{quantile("0.99", histogram, by), "p99" + legend})
}

// quantile takes the name of a histogram, perhaps with labels in braces.
func quantile(q, histogram, by string) string {
	return "histogram_quantile(" + q + ", sum by (le, " + by + ") (rate(" + bucket(histogram) + "[$__rate_interval])))"
}

// rate adds up what is counted by each process.
func rate(counter, by string) string {
	return "sum by (" + by + ") (rate(" + counter + "[$__rate_interval]))"
}

// once takes a figure that replicas see alike.
func once(gauge, by string) string { return "max by (" + by + ") (" + gauge + ")" }
