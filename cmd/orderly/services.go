package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"orderly/internal/app"
	"orderly/internal/client"
)

// servicesCommand lists the services that run.
type servicesCommand struct{}

// Run runs the command. It fails if a service is missing, or a replica is not ready.
func (servicesCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	found, err := api.Services(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	err = s.out.print(found, func(w io.Writer) {
		fmt.Fprintln(w, "SERVICE\tREPLICA\tVERSION\tUP FOR\tHEALTH\tLAG\tIN HAND\tOLDEST OPEN")
		for _, i := range found {
			health := "ready"
			if !i.Ready {
				health = "not ready"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", i.Service, i.Replica, i.Version, now.Sub(i.Started).Round(time.Second), health, i.Lag, i.InHand, i.Oldest)
		}
	})
	if err != nil {
		return err
	}
	return s.complain(found)
}

// complain says what is wrong.
func (s *session) complain(found []client.Instance) error {
	wrong := false
	for _, i := range found {
		for _, f := range i.Failing {
			wrong = true
			s.warn("%s %s: %s", i.Service, i.Replica, f)
		}
		wrong = wrong || !i.Ready
	}
	for _, service := range []string{app.OrderService, app.InventoryService, app.PaymentService} {
		if !slices.ContainsFunc(found, func(i client.Instance) bool { return i.Service == service }) {
			wrong = true
			s.warn("no replica of %s answers", service)
		}
	}
	if wrong {
		return errReported
	}
	return nil
}
