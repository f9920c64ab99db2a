package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"

	"orderly/internal/app"
	"orderly/internal/client"
)

// dlqFilter says which dead letters are meant.
type dlqFilter struct {
	Service     string        `help:"Only those of this service: order, inventory or payment." enum:"any,order,inventory,payment" default:"any" placeholder:"SERVICE"`
	Cause       string        `help:"Only those of this cause: undecodable, refused, attempts_exhausted, panic or killed_process." enum:"any,undecodable,refused,attempts_exhausted,panic,killed_process" default:"any" placeholder:"CAUSE"`
	Type        string        `help:"Only those of this event, as orders.created." placeholder:"TYPE"`
	Order       string        `help:"Only those about this order." placeholder:"ID"`
	OlderThan   time.Duration `help:"Only those that died longer ago." placeholder:"TIME"`
	YoungerThan time.Duration `help:"Only those that died less long ago." placeholder:"TIME"`
}

func (f dlqFilter) check() error {
	switch {
	case f.OlderThan < 0:
		return fmt.Errorf("--older-than: %s is not an age", f.OlderThan)
	case f.YoungerThan < 0:
		return fmt.Errorf("--younger-than: %s is not an age", f.YoungerThan)
	case f.YoungerThan > 0 && f.OlderThan >= f.YoungerThan:
		return fmt.Errorf("--older-than %s and --younger-than %s: nothing is both", f.OlderThan, f.YoungerThan)
	}
	return nil
}

func (f dlqFilter) empty() bool { return f == dlqFilter{Service: "any", Cause: "any"} }

func (f dlqFilter) query() client.LetterFilter {
	return client.LetterFilter{Kind: named(f.Cause), Type: f.Type, Key: f.Order, OlderThan: f.OlderThan, YoungerThan: f.YoungerThan}
}

// named is empty for any.
func named(choice string) string {
	if choice == "any" {
		return ""
	}
	return choice
}

func (f dlqFilter) services() []string {
	if f.Service != "any" {
		return []string{f.Service}
	}
	return []string{app.OrderService, app.InventoryService, app.PaymentService}
}

// dlqChoice is some dead letters, chosen by their ids or by what they are.
type dlqChoice struct {
	IDs []string `arg:"" optional:"" name:"id" help:"The letters, by their ids."`
	dlqFilter
	All bool `help:"Mean all that are dead, where neither ids nor filters are given."`
}

// Validate is called by the parser.
func (c dlqChoice) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	filtered := !c.empty()
	switch {
	case len(c.IDs) == 0 && !filtered && !c.All:
		return errors.New("which letters? Give ids or filters, or --all")
	case c.All && (len(c.IDs) > 0 || filtered):
		return errors.New("--all means all: leave out ids and filters")
	case len(c.IDs) > 0 && c.dlqFilter != (dlqFilter{Service: c.Service, Cause: "any"}):
		return errors.New("give ids or filters, not both; --service may go with ids")
	}
	return checkLetterIDs(c.IDs)
}

func checkLetterIDs(ids []string) error {
	for _, id := range ids {
		if _, err := uuid.Parse(id); err != nil || len(id) != 36 || strings.ToLower(id) != id {
			return fmt.Errorf("%q is not the id of a dead letter: `orderly dlq list` shows them", id)
		}
	}
	return nil
}

// letters returns the ids of what was chosen, by service.
func (c dlqChoice) letters(ctx context.Context, api *client.Client) (map[string][]string, error) {
	found := make(map[string][]string)
	for _, id := range c.IDs {
		l, err := findLetter(ctx, api, c.services(), id)
		if err != nil {
			return nil, err
		}
		found[l.Service] = append(found[l.Service], id)
	}
	if len(c.IDs) > 0 {
		return found, nil
	}
	for _, service := range c.services() {
		for l, err := range api.DeadLetters(ctx, service, c.query()) {
			if err != nil {
				return nil, err
			}
			found[service] = append(found[service], l.ID)
		}
	}
	return found, nil
}

// findLetter asks each of the services for a letter.
func findLetter(ctx context.Context, api *client.Client, services []string, id string) (client.DeadLetterDetails, error) {
	var missing error
	for _, service := range services {
		l, err := api.DeadLetter(ctx, service, id)
		if err == nil {
			return l, nil
		}
		if exitCode(err) != exitNotFound {
			return l, err
		}
		missing = err
	}
	if len(services) > 1 {
		missing = fmt.Errorf("no service has a dead letter %s: %w", id, missing)
	}
	return client.DeadLetterDetails{}, missing
}

// inParts walks through ids in parts of at most so many.
func inParts(ids []string, size int, each func([]string) error) error {
	for len(ids) > 0 {
		n := min(size, len(ids))
		if err := each(ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// actor is who does something: a name that was given, or the system's.
func actor(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	me, err := user.Current()
	if err != nil {
		return "", usage("--by: the system does not know your name: %w", err)
	}
	return me.Username, nil
}
