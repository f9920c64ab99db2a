package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"orderly/events"
	"orderly/internal/audit"
	"orderly/internal/client"
	"orderly/internal/shop"
	"orderly/internal/verify"
)

// upgradeRate is how many orders are placed in a second: a restart is a part of each
// phase.
const upgradeRate = 200

// upgradePhase is a step on the way of a fleet to version 2 of orders.created, and
// how far the orders were at its end.
type upgradePhase struct {
	Publish string `json:"publish"`
	Read    string `json:"read"`
	Placed  int    `json:"placed"` // so far
	Ended   int    `json:"ended"`
	Said    [2]int `json:"said"` // of the events in the stream, in version 1 and 2
}

// upgradePhases are the settings of each step: version 1 alone, both, the reader
// moved, version 2 alone.
func upgradePhases() []upgradePhase {
	const v1, v2 = "orders.created.v1", "orders.created.v2"
	return []upgradePhase{
		{Publish: v1, Read: v1},
		{Publish: v1 + "," + v2, Read: v1},
		{Publish: v1 + "," + v2, Read: v2},
		{Publish: v2, Read: v2},
	}
}

// upgradeResult is what demo --upgrade prints.
type upgradeResult struct {
	URL     string         `json:"url"`
	Phases  []upgradePhase `json:"phases"`
	Outcome outcome        `json:"outcome"`
	Verify  verify.Report  `json:"verify"`
}

// upgrading is the sample shop on its way through the phases.
type upgrading struct {
	*demoCommand
	*session
	dir    string
	system *system // of the phase; nil before the first
	api    *client.Client
}

// upgrade places the sample's orders while the services stop and start again on the
// same data, once for each phase. It leaves the system of the last one running.
func (u *upgrading) upgrade(ctx context.Context) (r upgradeResult, err error) {
	r.Phases = upgradePhases()
	if err := u.enter(ctx, r.Phases[0]); err != nil {
		return r, err
	}
	r.URL = u.system.URL()
	u.HTTP = strings.TrimPrefix(r.URL, "http://") // the customers come back to it
	if u.api, err = client.New(r.URL, longPatience); err != nil {
		return r, err
	}
	defer u.api.Close()
	catalogue, err := shop.SampleProducts()
	if err != nil {
		return r, err
	}
	if _, err := load(ctx, u.session, u.api, catalogue); err != nil {
		return r, err
	}
	placed, err := u.placeThrough(ctx, r.Phases)
	if err != nil {
		return r, err
	}
	if r.Outcome, err = await(ctx, u.session, u.api, placed); err != nil {
		return r, err
	}
	u.warn("audit: waiting until the last orders are settled")
	r.Verify, err = verify.Run(ctx, verify.Options{URL: r.URL, Wait: demoWait})
	r.Verify.Findings = orEmpty(r.Verify.Findings)
	return r, err
}

// placeThrough places a share of the orders in each phase.
func (u *upgrading) placeThrough(ctx context.Context, phases []upgradePhase) (all submission, err error) {
	sample, err := shop.SampleOrders()
	if err != nil {
		return all, err
	}
	text, err := io.ReadAll(sample)
	if err != nil {
		return all, err
	}
	lines := slices.Collect(bytes.Lines(text))
	for i := range phases {
		p, n := &phases[i], len(phases)
		u.warn("phase %d: said as %s, read as %s", i+1, p.Publish, p.Read)
		share := bytes.Join(lines[len(lines)*i/n:len(lines)*(i+1)/n], nil)
		placed, err := u.phase(ctx, *p, share)
		if err != nil {
			return all, err
		}
		all.Orders = append(all.Orders, placed.Orders...)
		if err := u.look(ctx, p); err != nil {
			return all, err
		}
	}
	return all, nil
}

// phase places orders while the system goes over to a phase's versions: the first of
// them meet it as it was, or on its way.
func (u *upgrading) phase(ctx context.Context, p upgradePhase, orders []byte) (placed submission, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		bar := newProgress(u.stderr, "orders", 0)
		placed, err = submit(ctx, u.api, shop.NewOrderReader(bytes.NewReader(orders), shop.SampleName), bar,
			shop.SubmitOptions{Concurrency: u.Concurrency, PerSecond: upgradeRate})
		return err
	})
	g.Go(func() error { return u.enter(ctx, p) })
	err = g.Wait()
	return placed, err
}

// enter stops the system, if it runs in other versions, and starts it in those of a
// phase.
func (u *upgrading) enter(ctx context.Context, p upgradePhase) (err error) {
	if u.system != nil && u.Publish == p.Publish && u.Read == p.Read {
		return nil
	}
	if err := u.leave(ctx); err != nil {
		return err
	}
	u.Publish, u.Read = p.Publish, p.Read
	u.system, err = u.start(ctx, u.dir)
	return err
}

// leave stops the system, if it runs.
func (u *upgrading) leave(ctx context.Context) error {
	if u.system == nil {
		return nil
	}
	system := u.system
	u.system = nil
	return stop(ctx, system)
}

// look asks how far the orders are.
func (u *upgrading) look(ctx context.Context, p *upgradePhase) error {
	for o, err := range u.api.Orders(ctx, "", "") {
		if err != nil {
			return err
		}
		p.Placed++
		if o.Ended() {
			p.Ended++
		}
	}
	return u.count(ctx, p)
}

// count asks the stream in which versions orders.created was said.
func (u *upgrading) count(ctx context.Context, p *upgradePhase) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.api.URL()+audit.PathEvents, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said := make(map[string]bool)
	for lines := audit.NewReader(response.Body); ; {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e := line.Event
		if e == nil || e.Name != events.NameOrderCreated {
			continue
		}
		if key := fmt.Sprint(e.ID, e.Version); !said[key] { // once, however often it was said
			said[key] = true
			p.Said[e.Version-1]++
		}
	}
}

func (r upgradeResult) text(w io.Writer) {
	fmt.Fprint(w, "SAID AS\tREAD AS\tORDERS SO FAR\tENDED\tSAID IN V1\tIN V2\n")
	for _, p := range r.Phases {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\n", p.Publish, p.Read, p.Placed, p.Ended, p.Said[0], p.Said[1])
	}
	fmt.Fprintln(w)
	r.Outcome.text(w)
	auditText(w, r.Verify)
}
