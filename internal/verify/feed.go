package verify

import (
	"context"
	"errors"
	"fmt"
	"io"

	"orderly/internal/audit"
)

// feed is a feed being read. Its lines about orders come in the order of the
// orders' ids; line is the one to look at next.
type feed struct {
	path   string
	body   io.Closer
	reader *audit.Reader
	head   audit.Head

	line   audit.Line
	order  string // that line is about, "" if it is about none
	last   string
	repeat bool // an order may have several lines
	ended  bool
}

// openFeed reads a feed's head, so that its snapshot is taken on return.
func openFeed(ctx context.Context, s Source, path string) (*feed, error) {
	body, err := s.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("audit feed %s: %w", path, err)
	}
	f := &feed{path: path, body: body, reader: audit.NewReader(body), repeat: path == audit.PathCharges}
	first, err := f.reader.Next()
	if err == nil {
		f.head = *first.Head
		err = f.next()
	}
	if err != nil {
		_ = body.Close()
		return nil, f.failed(err)
	}
	return f, nil
}

func (f *feed) close() { _ = f.body.Close() }

func (f *feed) failed(err error) error { return fmt.Errorf("audit feed %s: %w", f.path, err) }

// next goes to the next line, or sets ended.
func (f *feed) next() error {
	line, err := f.reader.Next()
	if errors.Is(err, io.EOF) {
		f.line, f.order, f.ended = audit.Line{}, "", true
		return nil
	}
	if err != nil {
		return f.failed(err)
	}
	if !belongs(f.path, line) {
		return f.failed(errors.New("it holds a record of another feed: is the URL right?"))
	}
	f.line, f.order = line, line.OrderID()
	if f.order == "" {
		return nil
	}
	if f.order < f.last || f.order == f.last && !f.repeat {
		return f.failed(fmt.Errorf("order %s comes after %s", f.order, f.last))
	}
	f.last = f.order
	return nil
}

// take calls fn for the lines about one order.
func (f *feed) take(order string, fn func(audit.Line)) error {
	for f.order == order && !f.ended {
		fn(f.line)
		if err := f.next(); err != nil {
			return err
		}
	}
	return nil
}

// rest calls fn for all lines to come.
func (f *feed) rest(fn func(audit.Line) error) error {
	for !f.ended {
		if err := fn(f.line); err != nil {
			return f.failed(err)
		}
		if err := f.next(); err != nil {
			return err
		}
	}
	return nil
}

// belongs reports whether a line is of the feed with that path.
func belongs(path string, l audit.Line) bool {
	switch path {
	case audit.PathOrders:
		return l.Order != nil || l.Key != nil || l.Stray != nil
	case audit.PathOpen:
		return l.Open != nil
	case audit.PathInventory:
		return l.Reservation != nil || l.Product != nil || l.Stray != nil
	case audit.PathPayments:
		return l.Payment != nil || l.Stray != nil
	case audit.PathCharges:
		return l.Charge != nil
	case audit.PathEvents:
		return l.Stream != nil || l.Event != nil
	}
	return false
}
