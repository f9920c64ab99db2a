package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"orderly/internal/client"
)

// gatewayShowCommand shows how payment sees its gateway, and how the simulated one
// behaves.
type gatewayShowCommand struct{}

// gatewayShown is what show prints.
type gatewayShown struct {
	Status    client.GatewayStatus `json:"status"`
	Simulated *client.Gateway      `json:"simulated,omitempty"`
}

// Run runs the command.
func (gatewayShowCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	var shown gatewayShown
	if shown.Status, err = api.GatewayStatus(ctx); err != nil {
		return err
	}
	g, err := api.Gateway(ctx)
	var problem *client.Problem
	switch {
	case err == nil:
		shown.Simulated = &g
	case errors.As(err, &problem) && problem.Status == http.StatusNotFound: // it is a real one
	default:
		return err
	}
	return s.out.print(shown, func(w io.Writer) {
		statusText(w, shown.Status, time.Now())
		if shown.Simulated != nil {
			gatewayText(w, *shown.Simulated)
		}
	})
}

func statusText(w io.Writer, g client.GatewayStatus, now time.Time) {
	fmt.Fprintf(w, "breaker\t%s since %s (%s)\n", g.State, g.Since.Format(time.RFC3339), now.Sub(g.Since).Round(time.Second))
	if g.Reason != "" {
		fmt.Fprintf(w, "reason\t%s\n", g.Reason)
	}
	if g.NextProbe != nil {
		fmt.Fprintf(w, "next probe\t%s\n", g.NextProbe.Format(time.RFC3339))
	}
	fmt.Fprintf(w, "calls\t%d without an outcome\n", g.Calls)
	fmt.Fprintf(w, "tries\t%d answered, %d failed\n", g.Succeeded, g.Failed)
	fmt.Fprintf(w, "opened\t%d times since the process started\n", g.Opened)
	fmt.Fprintf(w, "seen by\t%s\n", g.Replica)
}

func printGateway(s *session, g client.Gateway) error {
	return s.out.print(g, func(w io.Writer) { gatewayText(w, g) })
}

// gatewayText says how the simulated gateway behaves.
func gatewayText(w io.Writer, g client.Gateway) {
	outage := "none"
	switch {
	case g.Outage:
		outage = "until it is set back"
	case g.OutageUntil != nil && time.Now().Before(*g.OutageUntil):
		outage = "until " + g.OutageUntil.Format(time.RFC3339)
	}
	fmt.Fprintf(w, "simulated outage\t%s\n", outage)
	fmt.Fprintf(w, "simulated latency\t%s\n", latencyOf(g))
	fmt.Fprintf(w, "loses answers\t%s\n", share(g.LoseAnswers))
	fmt.Fprintf(w, "declines\t%s\n", share(g.Decline))
}

// latencyOf is how long calls take, as gateway set takes it.
func latencyOf(g client.Gateway) string {
	least, err := time.ParseDuration(g.Latency)
	width, err2 := time.ParseDuration(g.Jitter)
	if err != nil || err2 != nil {
		return g.Latency + " to " + g.Jitter + " more"
	}
	return spread{middle: least + width/2, half: width / 2}.String()
}
