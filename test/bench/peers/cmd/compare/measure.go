package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"orderly/test/bench/peers/child"
	"orderly/test/bench/peers/result"
)

// all measures every peer in every mode; the peers take turns, so that the
// drift of the machine meets all alike. A peer that fails does not end it.
func (b *bench) all(ctx context.Context, peers []peer, t *table) error {
	// What is measured first must not pay for the making of PostgreSQL's log
	// files, which those after it use again.
	log.Print("warming up the servers")
	if err := b.fillLog(ctx); err != nil {
		return err
	}
	if _, err := b.measure(ctx, peer{name: "warm-up", program: "floor", kind: bare, orders: b.orders}, "default"); err != nil {
		return err
	}
	var failures []error
	for _, mode := range b.modes {
		for run := range b.runs {
			for _, p := range peers {
				if !p.runsIn(mode, b.modes) {
					continue
				}
				log.Printf("%s, NATS syncs: %s, run %d of %d", p.name, mode, run+1, b.runs)
				m, err := b.measure(ctx, p, mode)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					err = fmt.Errorf("%s: %w", p.name, err)
					log.Print(err)
					failures = append(failures, err)
				}
				t.add(mode, p.name, m, err)
			}
		}
	}
	return errors.Join(failures...)
}

// measured is what one run of a peer found, by scenario.
type measured map[string]result.Result

// orders is how many orders the peer said that it took, and how many answers
// nobody got.
func (m measured) orders() (accepted, unknown int64) {
	for _, r := range m {
		accepted += r.WarmedUp + r.Accepted
		unknown += r.Errors
	}
	return accepted, unknown
}

// measure runs one peer on empty databases and an empty broker.
func (b *bench) measure(ctx context.Context, p peer, mode string) (m measured, err error) {
	if err := b.emptyDatabases(ctx); err != nil {
		return nil, err
	}
	if err := b.startNATS(ctx, mode); err != nil {
		return nil, err
	}
	defer b.stopNATS()
	if p.kind == bare {
		m, err = b.measureBare(ctx, p)
	} else {
		m, err = b.measureServer(ctx, p)
	}
	if err != nil {
		return m, err
	}
	if p.kind == embedded { // audited while it ran
		return m, nil
	}
	return m, b.checkBooks(ctx, p, m)
}

// bareFactor makes a run without HTTP about as long as one with it.
const bareFactor = 4

func (b *bench) measureBare(ctx context.Context, p peer) (measured, error) {
	args := append(b.where(), "-self", strconv.Itoa(bareFactor*p.orders), "-pids", fmt.Sprintf("postgres=%d,nats=%d", b.postgres.PID(), b.nats.PID()))
	r, err := b.resultOf(ctx, b.command(p, args))
	return measured{uniform: r}, err
}

func (b *bench) measureServer(ctx context.Context, p peer) (measured, error) {
	t, err := b.startPeer(ctx, p)
	if err != nil {
		return nil, errors.Join(err, b.tail("peer"))
	}
	m := measured{}
	for _, s := range scenarios() {
		args, worth := s.args(b, p, m)
		if !worth {
			continue
		}
		if m[s.name], err = b.load(ctx, t, args); err != nil {
			break
		}
	}
	if err == nil && p.kind == embedded {
		err = b.audit(ctx, t)
	}
	t.Stop(syscall.SIGTERM)
	if err != nil {
		err = errors.Join(err, b.tail("peer"))
	}
	return m, err
}

// target is a peer that runs, and how it is looked at.
type target struct {
	*child.Child
	urls []string
	args []string // of the driver
}

// addr is where a peer serves.
func (b *bench) addr() string { return "127.0.0.1:" + strconv.Itoa(b.port) }

// where is what every peer is told.
func (b *bench) where() []string {
	return []string{"-http", b.addr(), "-pg", b.dsn(database), "-nats", "nats://" + b.natsAddr()}
}

// command runs a peer, with its own flags after those given. The embedded
// default stays as it is delivered.
func (b *bench) command(p peer, args []string) *exec.Cmd {
	cmd := exec.Command(b.bin(p.program), append(args, p.args...)...)
	if p.kind != embedded {
		cmd.Env = append(os.Environ(), "GOGC="+strconv.Itoa(b.gogc))
	}
	return cmd
}

func (b *bench) startPeer(ctx context.Context, p peer) (*target, error) {
	args := b.where()
	pids := fmt.Sprintf(",postgres=%d,nats=%d", b.postgres.PID(), b.nats.PID())
	switch p.kind {
	case embedded:
		data := filepath.Join(b.dir, "embedded")
		if err := os.RemoveAll(data); err != nil {
			return nil, err
		}
		args, pids = append(args, "-data", data), ""
		fallthrough
	case product:
		args = append(args, "-bin", b.bin("product"), "-ledger", b.ledger)
	}
	c, err := b.spawn(b.command(p, args), "peer")
	if err != nil {
		return nil, err
	}
	t := &target{Child: c, urls: []string{"http://" + b.addr()}}
	ready := func() bool { return answers(t.urls[0] + "/bench/terminal") }
	if p.program == "orderly" {
		ready = func() bool { t.urls = b.saidReady(); return t.urls != nil }
	}
	if err := await(ctx, c, p.name, ready); err != nil {
		c.Stop(syscall.SIGTERM)
		return nil, err
	}
	t.args = []string{"-url", strings.Join(t.urls, ","), "-pids", "peer=" + strconv.Itoa(c.PID()) + pids}
	if p.program == "orderly" {
		t.args = append(t.args,
			"-terminal-url", strings.Join(t.urls, "/metrics,")+"/metrics",
			"-terminal-regex", `(?m)^orderly_orders_total\{lane="[a-z]+",status="(?:confirmed|cancelled)"\} ([0-9.e+]+)$`)
	}
	return t, nil
}

// saidReady returns the URLs once Orderly's launcher has told them.
func (b *bench) saidReady() []string {
	text, err := os.ReadFile(b.log("peer"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if urls, ok := strings.CutPrefix(line, "ready "); ok && strings.HasSuffix(urls, "\n") {
			return strings.Fields(urls)
		}
	}
	return nil
}

func answers(url string) bool {
	res, err := http.Get(url)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

const tailBytes = 2000

// tail is the end of a log, as an error to add to another.
func (b *bench) tail(name string) error {
	text, err := os.ReadFile(b.log(name))
	if err != nil || len(text) == 0 {
		return err
	}
	return fmt.Errorf("its log ends:\n%s", text[max(0, len(text)-tailBytes):])
}

// audit lets the product verify itself: its databases are its own here.
func (b *bench) audit(ctx context.Context, t *target) error {
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin("product"), "orderly"), "verify", "--url", t.urls[0], "--wait", "30s")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("verify: %w\n%s", err, text)
	}
	return nil
}
