package main

import (
	"testing"
	"time"

	"orderly/internal/client"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]spread{
		"200ms":        {200 * time.Millisecond, 0},
		"200ms±50ms":   {200 * time.Millisecond, 50 * time.Millisecond},
		"200ms+-50ms":  {200 * time.Millisecond, 50 * time.Millisecond},
		"1m0s±1m0s":    {time.Minute, time.Minute},
		"0s":           {},
		"2.5s±1.5ms":   {2500 * time.Millisecond, 1500 * time.Microsecond},
		"200ms±0s":     {200 * time.Millisecond, 0},
		"100ms+-100ms": {100 * time.Millisecond, 100 * time.Millisecond},
	} {
		var got spread
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
		shown := latencyOf(client.Gateway{Latency: got.least().String(), Jitter: got.width().String()})
		if shown != got.String() {
			t.Errorf("%q is shown as %q, want %q", text, shown, got)
		}
	}
	for _, text := range []string{"", "200", "-1s", "±5ms", "1s±", "1s±2s", "1s±-1ms", "1s±1ms±1ms", "<html>"} {
		var got spread
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]share{"2%": 0.02, "0.02": 0.02, "0": 0, "100%": 1, "1": 1, "0.5%": 0.005} {
		var got share
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	if got := share(0.02).String(); got != "2%" {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{"", "%", "2", "-1%", "NaN", "Inf", "101%", "two"} {
		var got share
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
