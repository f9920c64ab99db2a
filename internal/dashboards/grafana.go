package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object.
type object = map[string]any

const (
	columns      = 24
	usualWidth   = 8
	graphHeight  = 8
	numberHeight = 5
	// schema is the version of Grafana's format: that of Grafana 10. Newer ones
	// read it.
	schema = 38
)

// json is the dashboard as Grafana takes it.
func (d dashboard) json() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(object{
		"uid":           "orderly-" + d.name,
		"title":         "Orderly: " + d.title,
		"description":   d.about,
		"tags":          []string{"orderly"},
		"schemaVersion": schema,
		"editable":      true,
		"graphTooltip":  1,
		"refresh":       "10s",
		"time":          object{"from": "now-1h", "to": "now"},
		"templating":    object{"list": d.variables()},
		"links":         d.grafanaLinks(),
		"panels":        d.panels(),
	})
	return b.Bytes(), err
}

// source is what all queries ask.
func source() object { return object{"type": "prometheus", "uid": "${datasource}"} }

func (d dashboard) variables() []object {
	list := []object{{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}}
	for _, c := range d.choices {
		list = append(list, object{
			"name": c.label, "label": c.label, "type": "query", "datasource": source(), "refresh": 2,
			"query":      object{"query": "label_values(" + c.metric + ", " + c.label + ")", "refId": "A"},
			"includeAll": true, "multi": true, "allValue": ".+",
			"current": object{"text": "All", "value": "$__all"},
		})
	}
	for _, f := range d.fields {
		list = append(list, object{
			"name": f.name, "label": f.label, "type": "textbox", "query": f.value,
			"current": object{"text": f.value, "value": f.value},
		})
	}
	return list
}

func (d dashboard) grafanaLinks() []object {
	list := []object{{"type": "dashboards", "title": "Orderly", "tags": []string{"orderly"}, "asDropdown": true, "keepTime": true}}
	for _, l := range d.links {
		list = append(list, object{"type": "link", "title": l.title, "url": l.url, "targetBlank": true, "icon": "external link"})
	}
	return list
}

// panels lays the panels of each row out from left to right.
func (d dashboard) panels() []object {
	var list []object
	x, y, height := 0, 0, 0
	place := func(w, h int) object {
		if x+w > columns {
			x, y, height = 0, y+height, 0
		}
		at := object{"x": x, "y": y, "w": w, "h": h}
		x, height = x+w, max(height, h)
		return at
	}
	for _, r := range d.rows {
		x, y, height = 0, y+height, 0
		list = append(list, object{"id": len(list) + 1, "type": "row", "title": r.title, "collapsed": false, "panels": []object{}, "gridPos": place(columns, 1)})
		for _, p := range r.panels {
			w, h := p.width, graphHeight
			if w == 0 {
				w = usualWidth
			}
			if p.kind == "stat" {
				h = numberHeight
			}
			list = append(list, p.object(len(list)+1, place(w, h)))
		}
	}
	return list
}

func (p panel) object(id int, at object) object {
	targets := make([]object, len(p.queries))
	for i, q := range p.queries {
		targets[i] = object{"refId": string(rune('A' + i)), "datasource": source(), "expr": q.expr, "legendFormat": q.legend}
		if p.kind != "timeseries" {
			targets[i]["instant"], targets[i]["range"] = true, false
		}
		if p.kind == "table" {
			targets[i]["format"] = "table"
		}
	}
	o := object{
		"id": id, "type": p.kind, "title": p.title, "description": p.about, "datasource": source(), "gridPos": at, "targets": targets,
		"fieldConfig": object{"defaults": p.defaults(), "overrides": []object{}},
	}
	switch p.kind {
	case "timeseries":
		o["options"] = object{"tooltip": object{"mode": "multi", "sort": "desc"}, "legend": object{"displayMode": "list", "placement": "bottom"}}
	case "stat":
		o["options"] = object{"reduceOptions": object{"calcs": []string{"lastNotNull"}}, "colorMode": "value", "graphMode": "none", "textMode": "value_and_name"}
	case "table":
		o["transformations"] = []object{{"id": "organize", "options": object{"excludeByName": object{"Time": true, "__name__": true}}}}
	}
	return o
}

// defaults are green below what is bad, and red from there on.
func (p panel) defaults() object {
	steps := []object{{"color": "green", "value": nil}}
	if p.bad > 0 {
		steps = append(steps, object{"color": "red", "value": p.bad})
	}
	d := object{"unit": p.unit, "min": 0, "thresholds": object{"mode": "absolute", "steps": steps}}
	if p.kind == "table" {
		delete(d, "min")
	}
	if p.words != nil {
		options := object{}
		for value, word := range p.words {
			options[value] = object{"text": word}
		}
		d["mappings"] = []object{{"type": "value", "options": options}}
	}
	return d
}

// bucket is the name of a histogram's buckets, before the labels if it has some.
func bucket(histogram string) string {
	name, labels, narrowed := strings.Cut(histogram, "{")
	if narrowed {
		labels = "{" + labels
	}
	return name + "_bucket" + labels
}
