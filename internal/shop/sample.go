package shop

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

//go:embed sample/products.csv.gz
var sampleProducts []byte

//go:embed sample/orders.jsonl.gz
var sampleOrders []byte

// SampleName is what the sample's orders are called as a file, and SampleSize
// how many lines it has.
const (
	SampleName = "sample"
	SampleSize = 927
)

// SampleProducts returns the catalogue of the sample shop: 2,454 products.
// Where they come from is said in NOTICE.md.
func SampleProducts() (io.ReadSeeker, error) { return unpack(sampleProducts) }

// SampleOrders returns the 927 orders of the sample shop, as they were: some
// ask for more than is in stock, and 58 have a line with a quantity of zero or
// less, which is no order.
func SampleOrders() (io.ReadSeeker, error) { return unpack(sampleOrders) }

func unpack(packed []byte) (io.ReadSeeker, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("sample shop: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("sample shop: %w", err)
	}
	return bytes.NewReader(text), nil
}
