package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
	"orderly/internal/verify"
)

// demoCommand runs the sample shop on a directory that is gone in the end.
type demoCommand struct {
	On          string `help:"Send the orders through this running system, and leave it as it is." placeholder:"URL"`
	Exit        bool   `help:"End once the outcome is printed."`
	Upgrade     bool   `help:"Move the services to version 2 of orders.created, a restart at a time, while the orders come in."`
	Concurrency int    `help:"How many orders are under way at once (default: ${default})." default:"64" placeholder:"N"`
	systemFlags `embed:"" set:"log_level=warn"`
}

// Validate is called by the parser.
func (c *demoCommand) Validate() error {
	if c.Upgrade && (c.Publish != "" || c.Read != "") {
		return errors.New("--upgrade sets --publish and --read by itself")
	}
	if c.Upgrade && c.On != "" {
		return errors.New("--upgrade restarts services, which it cannot do to a system that runs already: leave out --on")
	}
	return errors.Join(checkConcurrency(c.Concurrency), c.systemFlags.Validate())
}

// demoWait is how long the audit waits for the last orders to be settled.
const demoWait = time.Minute

// demoResult is what demo prints.
type demoResult struct {
	URL      string        `json:"url"`
	Products int           `json:"products"`
	Accepted int           `json:"accepted"`
	Refused  int           `json:"refused"` // returns and corrections, which are no orders
	Outcome  outcome       `json:"outcome"`
	Verify   verify.Report `json:"verify"`
}

// Run runs the command.
func (c *demoCommand) Run(ctx context.Context, s *session) (err error) {
	if c.On != "" {
		return c.playOn(ctx, s)
	}
	dir, err := os.MkdirTemp("", "orderly-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if c.Upgrade {
		return c.runUpgrade(ctx, s, dir)
	}
	system, err := c.start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(ctx, system)) }()
	s.warn("orderly is ready: %s", system.URL())
	result, err := playShop(ctx, s, system.URL(), c.Concurrency)
	if ctx.Err() != nil {
		return nil // the user had enough
	}
	if err != nil {
		return err
	}
	if err := s.out.print(result, result.text); err != nil {
		return err
	}
	return c.rest(ctx, s, system, result.Verify)
}

// playOn sends the shop through a system that runs already.
func (c *demoCommand) playOn(ctx context.Context, s *session) error {
	result, err := playShop(ctx, s, c.On, c.Concurrency)
	if err != nil {
		return err
	}
	if err := s.out.print(result, result.text); err != nil {
		return err
	}
	if !result.Verify.Clean() {
		return errReported
	}
	return nil
}

// runUpgrade runs the shop while its services go from one version to the next.
func (c *demoCommand) runUpgrade(ctx context.Context, s *session, dir string) (err error) {
	u := upgrading{demoCommand: c, session: s, dir: dir}
	defer func() { err = errors.Join(err, u.leave(ctx)) }()
	result, err := u.upgrade(ctx)
	if ctx.Err() != nil {
		return nil // the user had enough
	}
	if err != nil {
		return err
	}
	if err := s.out.print(result, result.text); err != nil {
		return err
	}
	return c.rest(ctx, s, u.system, result.Verify)
}

// rest is what remains once the outcome is printed.
func (c *demoCommand) rest(ctx context.Context, s *session, system *system, audit verify.Report) error {
	if !audit.Clean() {
		return errReported
	}
	if c.Exit {
		return nil
	}
	s.warn("%s", lookAt(system.URL()))
	return serve(ctx, system)
}

// playShop loads the sample shop's catalogue into a running system, places its
// orders, so many at once, and audits the system.
func playShop(ctx context.Context, s *session, url string, concurrency int) (r demoResult, err error) {
	r.URL = url
	api, err := client.New(r.URL, longPatience)
	if err != nil {
		return r, err
	}
	defer api.Close()
	catalogue, err := shop.SampleProducts()
	if err != nil {
		return r, err
	}
	loaded, err := load(ctx, s, api, catalogue)
	if err != nil {
		return r, err
	}
	r.Products = loaded.Products
	placed, err := placeSample(ctx, s, api, concurrency)
	if err != nil {
		return r, err
	}
	r.Accepted, r.Refused = placed.Accepted, len(placed.Refused)
	if r.Outcome, err = await(ctx, s, api, placed); err != nil {
		return r, err
	}
	s.warn("audit: waiting until the last orders are settled")
	r.Verify, err = verify.Run(ctx, verify.Options{URL: r.URL, Wait: demoWait})
	r.Verify.Findings = orEmpty(r.Verify.Findings)
	return r, err
}

func placeSample(ctx context.Context, s *session, api *client.Client, concurrency int) (submission, error) {
	orders, err := shop.SampleOrders()
	if err != nil {
		return submission{}, err
	}
	bar := newProgress(s.stderr, "orders", shop.SampleSize)
	return submit(ctx, api, shop.NewOrderReader(orders, shop.SampleName), bar, shop.SubmitOptions{Concurrency: concurrency})
}

func (r demoResult) text(w io.Writer) {
	fmt.Fprintf(w, "products\t%d\norders accepted\t%d\n", r.Products, r.Accepted)
	fmt.Fprintf(w, "refused\t%d (not orders: returns and corrections)\n", r.Refused)
	r.Outcome.text(w)
	auditText(w, r.Verify)
}

// lookAt tells what there is to see.
func lookAt(url string) string {
	return fmt.Sprintf(`
Look around, and stop with Ctrl-C:
  %[1]s/v1/orders      the orders
  %[1]s/v1/products    the catalogue
  %[1]s/health         is everything there?
  %[1]s/metrics        the figures
  %[1]s/openapi.yaml   the API
  orderly --url %[1]s orders list --status cancelled`, url)
}
