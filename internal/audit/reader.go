package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrCut says that a feed ended before its end line: part of it is missing.
var ErrCut = errors.New("the feed was cut")

// Reader reads a feed line by line and vouches for its being complete.
type Reader struct {
	decoder *json.Decoder
	begun   bool
	records int
	err     error // set once there is nothing more to read
}

// NewReader returns a reader of one feed.
func NewReader(r io.Reader) *Reader { return &Reader{decoder: json.NewDecoder(r)} }

// Next returns the next line, the head first. After the last record of a
// complete feed it gives io.EOF, and ErrCut if the feed broke off. Any error is
// final: the next call gives it again.
func (r *Reader) Next() (Line, error) {
	if r.err != nil {
		return Line{}, r.err
	}
	l, err := r.next()
	if err != nil {
		r.err = err
		return Line{}, err
	}
	return l, nil
}

func (r *Reader) next() (Line, error) {
	var l Line
	err := r.decoder.Decode(&l)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return l, fmt.Errorf("%w after %d records", ErrCut, r.records)
	case err != nil:
		return l, fmt.Errorf("record %d: %w", r.records+1, err)
	case l.fields() != 1:
		return l, fmt.Errorf("record %d is of no known kind: the service is of another version", r.records+1)
	case (l.Head != nil) == r.begun:
		return l, fmt.Errorf("record %d: the head must be the first line and only that", r.records+1)
	case l.End != nil:
		return l, r.end(*l.End)
	case l.Head == nil:
		r.records++
	}
	r.begun = true
	return l, nil
}

// end checks the last line and that nothing follows it.
func (r *Reader) end(e End) error {
	if e.Failed != "" {
		return fmt.Errorf("%w after %d records: %s", ErrCut, r.records, e.Failed)
	}
	if e.Records != r.records {
		return fmt.Errorf("%w: it should have %d records, %d came", ErrCut, e.Records, r.records)
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the end of the feed")
	}
	return io.EOF
}

func (l Line) fields() int {
	n := 0
	for _, set := range []bool{
		l.Head != nil, l.Order != nil, l.Key != nil, l.Open != nil, l.Reservation != nil, l.Product != nil,
		l.Payment != nil, l.Charge != nil, l.Stream != nil, l.Event != nil, l.Stray != nil, l.End != nil,
	} {
		if set {
			n++
		}
	}
	return n
}
