package model

import (
	"encoding/json"
	"fmt"
)

// catalog gives equal values the same small number.
type catalog[T any] struct {
	numbers map[string]uint8
	values  []T
	limit   int
}

func newCatalog[T any](limit int) *catalog[T] {
	return &catalog[T]{numbers: make(map[string]uint8), limit: limit}
}

func (c *catalog[T]) number(v T) uint8 {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T has no canonical text: %v", v, err))
	}
	if n, ok := c.numbers[string(text)]; ok {
		return n
	}
	if len(c.values) == c.limit {
		panic(fmt.Sprintf("the model is not finite: more than %d values of %T", c.limit, v))
	}
	n := uint8(len(c.values))
	c.numbers[string(text)] = n
	c.values = append(c.values, v)
	return n
}
