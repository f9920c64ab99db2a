package natsbus

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// diff compares two configurations, streams or consumers, setting by setting,
// and returns those given in want that have does not show.
func diff[C jetstream.StreamConfig | jetstream.ConsumerConfig](want, have C) []Drift {
	w, h := reflect.ValueOf(want), reflect.ValueOf(have)
	var drift []Drift
	for i := range w.NumField() {
		field := settingName(w.Type().Field(i))
		a, b := w.Field(i).Interface(), h.Field(i).Interface()
		if w.Field(i).IsZero() && !zeroMeans(a) || same(a, b) {
			continue
		}
		drift = append(drift, Drift{Field: field, Want: show(a), Have: show(b)})
	}
	return drift
}

// settingName is what NATS calls a setting.
func settingName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// zeroMeans tells the settings whose zero value is a choice, not an omission.
func zeroMeans(v any) bool {
	switch v.(type) {
	case jetstream.RetentionPolicy, jetstream.DiscardPolicy, jetstream.StorageType, jetstream.StoreCompression,
		jetstream.DeliverPolicy, jetstream.AckPolicy, jetstream.ReplayPolicy, jetstream.PriorityPolicy:
		return true
	}
	return false
}

func same(want, have any) bool {
	switch w := want.(type) {
	case []string: // subjects and filters are sets
		return slices.Equal(slices.Sorted(slices.Values(w)), slices.Sorted(slices.Values(have.([]string))))
	case map[string]string: // the server adds metadata of its own
		h := have.(map[string]string)
		for k, v := range w {
			if got, ok := h[k]; !ok || got != v {
				return false
			}
		}
		return true
	}
	return show(want) == show(have)
}

// show is a value as a person reads it: the policies and durations have texts,
// structures are JSON.
func show(v any) string {
	if s, ok := v.(fmt.Stringer); ok && reflect.ValueOf(v).Kind() != reflect.Pointer {
		return s.String()
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // subjects end in >
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(text.String())
}
