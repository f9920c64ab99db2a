// Command samplegen packs the sample shop's catalogue and orders, which it
// finds in the folder named by -from, into the folder sample. Its output is
// the same each time.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	from := flag.String("from", ".", "folder with products.csv and orders.jsonl")
	flag.Parse()
	if err := pack(*from, "sample"); err != nil {
		fmt.Fprintln(os.Stderr, "samplegen:", err)
		os.Exit(1)
	}
}

func pack(from, to string) error {
	products, err := os.ReadFile(filepath.Join(from, "products.csv"))
	if err != nil {
		return err
	}
	orders, err := os.ReadFile(filepath.Join(from, "orders.jsonl"))
	if err != nil {
		return err
	}
	if orders, err = compact(orders); err != nil {
		return err
	}
	if err := write(filepath.Join(to, "products.csv.gz"), products); err != nil {
		return err
	}
	return write(filepath.Join(to, "orders.jsonl.gz"), orders)
}

// compact drops the spaces between JSON values.
func compact(lines []byte) ([]byte, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(lines) {
		if err := json.Compact(&out, line); err != nil {
			return nil, err
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

func write(path string, text []byte) error {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
