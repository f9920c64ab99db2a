package shop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

const loadConcurrency = 32

// stockReason is what the stock of a loaded product is booked under.
const stockReason = "catalogue file"

// Refusal is a line that did not get into the system, and why.
type Refusal struct {
	Line   int    `json:"line"`
	Name   string `json:"name,omitempty"` // the invoice or product, if known
	Reason string `json:"reason"`
}

// String is the refusal in one line.
func (r Refusal) String() string {
	if r.Name == "" {
		return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
	}
	return fmt.Sprintf("line %d: %s: %s", r.Line, r.Name, r.Reason)
}

// Loaded counts what became of a catalogue's lines.
type Loaded struct {
	Products int       // are in the system now
	Again    int       // of these, those whose stock was added by an earlier load of the same file
	Refused  []Refusal // in the order in which they were met
}

// Load puts a catalogue's products into the system and adds their stock, and
// calls done, if not nil, after each line, one call at a time. Stock is added
// once for a file's content, however often it is loaded.
func Load(ctx context.Context, c *client.Client, file io.ReadSeeker, done func(Loaded)) (Loaded, error) {
	content := sha256.New()
	if _, err := io.Copy(content, file); err != nil {
		return Loaded{}, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Loaded{}, err
	}
	products, err := NewProductReader(file)
	if err != nil {
		return Loaded{}, err
	}
	l := &loader{client: c, file: content.Sum(nil), done: done}
	return l.load(ctx, products)
}

type loader struct {
	client *client.Client
	file   []byte // the hash of its content
	done   func(Loaded)

	mu     sync.Mutex // guards what follows
	loaded Loaded
}

func (l *loader) load(ctx context.Context, products *ProductReader) (Loaded, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(loadConcurrency)
	err := eachLine(ctx, products.Next, func(p Product, bad *BadLine) {
		if bad != nil {
			l.count(false, &Refusal{Line: bad.Number, Reason: bad.Reason})
			return
		}
		g.Go(func() error { return l.one(ctx, p) })
	})
	if failed := g.Wait(); failed != nil {
		return l.loaded, failed
	}
	return l.loaded, err
}

func (l *loader) one(ctx context.Context, p Product) error {
	again, err := l.put(ctx, p)
	if reason, refused := refusal(err); refused {
		l.count(false, &Refusal{Line: p.Line, Name: "product " + p.ID, Reason: reason})
		return nil
	}
	if err != nil {
		return fmt.Errorf("line %d: product %s: %w", p.Line, p.ID, err)
	}
	l.count(again, nil)
	return nil
}

func (l *loader) put(ctx context.Context, p Product) (again bool, err error) {
	err = l.client.PutProduct(ctx, client.Product{
		ProductID: p.ID, Name: p.Name, Currency: p.Currency, UnitPriceMinor: p.UnitPriceMinor,
	})
	if err != nil || p.Stock == 0 {
		return false, err
	}
	return l.client.AdjustStock(ctx, l.key(p), p.ID, p.Stock, stockReason)
}

func (l *loader) key(p Product) string {
	sum := sha256.Sum256(append(l.file[:len(l.file):len(l.file)], p.ID...))
	return "load-" + hex.EncodeToString(sum[:])
}

func (l *loader) count(again bool, refused *Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case refused != nil:
		l.loaded.Refused = append(l.loaded.Refused, *refused)
	case again:
		l.loaded.Again++
		l.loaded.Products++
	default:
		l.loaded.Products++
	}
	if l.done != nil {
		l.done(l.loaded)
	}
}

// eachLine hands on every line, or what is bad about it, until the file or ctx
// ends.
func eachLine[T any](ctx context.Context, next func() (T, error), hand func(T, *BadLine)) error {
	for ctx.Err() == nil {
		v, err := next()
		var bad *BadLine
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.As(err, &bad):
			return err
		}
		hand(v, bad)
	}
	return context.Cause(ctx)
}

// refusal returns why the system refused a request, if that is what err says.
func refusal(err error) (reason string, refused bool) {
	var p *client.Problem
	if errors.As(err, &p) && p.Refused() {
		return p.Error(), true
	}
	return "", false
}
