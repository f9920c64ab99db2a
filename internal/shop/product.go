package shop

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Product is one line of a catalogue.
type Product struct {
	Line           int // its number in the file
	ID             string
	Name           string
	Currency       string
	UnitPriceMinor int64
	Stock          int64 // units to add to what is there
}

const maxProductLine = 64 << 10

// columns are the names in the first line of a catalogue.
func columns() []string {
	return []string{"product_id", "name", "currency", "unit_price_minor", "stock"}
}

// ProductReader reads a catalogue.
type ProductReader struct {
	lines *lines
	seen  map[string]int // product id to its line
}

// NewProductReader reads the first line, which must name the columns; a
// *[FormatError] says that it does not.
func NewProductReader(r io.Reader) (*ProductReader, error) {
	p := &ProductReader{lines: newLines(r, maxProductLine), seen: make(map[string]int)}
	text, err := p.lines.next()
	var bad *BadLine
	if err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &bad) {
		return nil, err
	}
	if header, wrong := fields(text); err != nil || wrong != nil || !slices.Equal(header, columns()) {
		return nil, &FormatError{"the first line must be " + strings.Join(columns(), ",")}
	}
	return p, nil
}

// Next returns the next product, or a *[BadLine] after which it may be called
// again, or io.EOF, or what ended the reading.
func (p *ProductReader) Next() (Product, error) {
	text, err := p.lines.next()
	if err != nil {
		return Product{}, err
	}
	product, reason := parseProduct(text)
	if reason != "" {
		return Product{}, p.lines.bad("%s", reason)
	}
	if first, again := p.seen[product.ID]; again {
		return Product{}, p.lines.bad("product %s is in line %d already", product.ID, first)
	}
	product.Line = p.lines.number
	p.seen[product.ID] = product.Line
	return product, nil
}

// parseProduct returns the reason why a line is not a product, or "".
func parseProduct(text []byte) (p Product, reason string) {
	f, err := fields(text)
	switch {
	case err != nil:
		return p, err.Error()
	case len(f) != len(columns()):
		return p, fmt.Sprintf("has %d fields instead of the %d of the first line", len(f), len(columns()))
	case f[0] == "":
		return p, "product_id is empty"
	}
	p = Product{ID: f[0], Name: f[1], Currency: f[2]}
	if strings.TrimSpace(p.Name) == "" {
		p.Name = p.ID // shops have such lines, and their orders name them
	}
	if p.UnitPriceMinor, err = amount(f[3]); err != nil {
		return p, "unit_price_minor " + err.Error()
	}
	if p.Stock, err = amount(f[4]); err != nil {
		return p, "stock " + err.Error()
	}
	return p, ""
}

// fields splits one line, so that a quote left open costs that line alone.
func fields(text []byte) ([]string, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("is not UTF-8 text")
	}
	f, err := csv.NewReader(strings.NewReader(string(text))).Read()
	if err != nil {
		return nil, fmt.Errorf("a quoted field is not closed, or a quote stands inside a field that is not quoted")
	}
	return f, nil
}

func amount(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	if n < 0 {
		return 0, fmt.Errorf("%d is negative", n)
	}
	return n, nil
}
