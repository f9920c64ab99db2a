package shop_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"orderly/internal/shop"
)

const header = "product_id,name,currency,unit_price_minor,stock\n"

// readProducts reads a catalogue to its end.
func readProducts(t testing.TB, text string) (good []shop.Product, bad []string) {
	t.Helper()
	r, err := shop.NewProductReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := r.Next()
		var line *shop.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return good, bad
		case errors.As(err, &line):
			bad = append(bad, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, p)
		}
	}
}

func TestProductReader_reads_products(t *testing.T) {
	t.Parallel()
	good, bad := readProducts(t, "\ufeff"+strings.ReplaceAll(header, "\n", "\r\n")+
		"A,Plain,GBP,85,152\r\n\n  \n\"B C\",\"Comma, \"\"quoted\"\"\",JPY,0,0")
	want := []shop.Product{
		{Line: 2, ID: "A", Name: "Plain", Currency: "GBP", UnitPriceMinor: 85, Stock: 152},
		{Line: 5, ID: "B C", Name: `Comma, "quoted"`, Currency: "JPY"},
	}
	if fmt.Sprint(good) != fmt.Sprint(want) || len(bad) != 0 {
		t.Errorf("got %v and %v, want %v", good, bad, want)
	}
}

func TestProductReader_names_bad_lines_and_goes_on(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		"A,One,GBP,1":                      "has 4 fields",
		"A,One,GBP,1,2,3":                  "has 6 fields",
		"A,One,GBP,-1,2":                   "unit_price_minor -1 is negative",
		"A,One,GBP,1.5,2":                  `unit_price_minor "1.5" is not a whole number`,
		"A,One,GBP,1,-2":                   "stock -2 is negative",
		"A,One,GBP,1,":                     `stock "" is not a whole number`,
		"A,One,GBP,1,99999999999999999999": "is not a whole number",
		",One,GBP,1,2":                     "product_id is empty",
		"A,\"One,GBP,1,2":                  "a quoted field is not closed",
		"A,O\"ne,GBP,1,2":                  "a quote stands inside",
		"A,\xff,GBP,1,2":                   "is not UTF-8",
		"A," + strings.Repeat("x", 1<<17) + ",1,2": "is longer than 64 KiB",
		"LAST,again,GBP,1,2\nLAST,again,GBP,1,2":   "product LAST is in line 2 already",
	} {
		good, bad := readProducts(t, header+text+"\nGOOD,fine,GBP,1,1\n")
		if len(bad) != 1 || !strings.HasPrefix(bad[0], "line ") || !strings.Contains(bad[0], reason) {
			t.Errorf("%.40q: got %q, want one with %q", text, bad, reason)
		}
		if len(good) == 0 || good[len(good)-1].ID != "GOOD" {
			t.Errorf("%.40q: the line after it was lost: %v", text, good)
		}
	}
}

func TestNewProductReader_wants_the_columns(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", "A,One,GBP,1,2\n", "name,product_id,currency,unit_price_minor,stock\n", `{"a":1}`, "\x00\x01", strings.Repeat("x", 1<<20)} {
		var format *shop.FormatError
		if _, err := shop.NewProductReader(strings.NewReader(text)); !errors.As(err, &format) {
			t.Errorf("%.30q: got %v, want a FormatError", text, err)
		}
	}
}

// broken is a file that cannot be read to its end.
type broken struct{ text io.Reader }

var errDisk = errors.New("disk on fire")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

func TestReaders_end_with_a_failing_file(t *testing.T) {
	t.Parallel()
	r, err := shop.NewProductReader(broken{strings.NewReader(header + "A,One,GBP,1,2\nB,T")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v: half a line must not pass for one", err, errDisk)
	}
	if _, err := shop.NewProductReader(broken{strings.NewReader("")}); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v", err, errDisk)
	}
}

// FuzzProductLine: whatever a catalogue holds, reading it ends, bad lines have
// their numbers, and what is taken is within bounds.
func FuzzProductLine(f *testing.F) {
	f.Add("A,One,GBP,1,2\nB,\"T\"\"wo\",EUR,0,0")
	f.Add("A,\"One\nB,Two,GBP,1,2")
	f.Add("\r\n,,,,\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		good, bad := readProducts(t, header+text)
		if lines := strings.Count(text, "\n") + 1; len(good)+len(bad) > lines {
			t.Errorf("%d products and %d bad lines of %d lines", len(good), len(bad), lines)
		}
		seen := make(map[string]bool)
		for _, p := range good {
			if p.ID == "" || p.UnitPriceMinor < 0 || p.Stock < 0 || seen[p.ID] || p.Line < 2 {
				t.Errorf("took %+v", p)
			}
			seen[p.ID] = true
		}
	})
}

// Shops have lines without a description, and orders that name them.
func TestProductReader_names_the_nameless_by_their_id(t *testing.T) {
	t.Parallel()
	r, err := shop.NewProductReader(strings.NewReader("product_id,name,currency,unit_price_minor,stock\n79320,,GBP,0,5\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Next()
	if err != nil || p.ID != "79320" || p.Name != "79320" || p.Stock != 5 {
		t.Errorf("got %+v, %v", p, err)
	}
}
