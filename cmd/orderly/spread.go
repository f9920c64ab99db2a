package main

import (
	"fmt"
	"strings"
	"time"
)

// spread is a time that varies evenly around its middle: 200ms±50ms.
type spread struct{ middle, half time.Duration }

// UnmarshalText reads 200ms, 200ms±50ms or 200ms+-50ms.
func (s *spread) UnmarshalText(text []byte) error {
	middle, half, varies := strings.Cut(strings.Replace(string(text), "+-", "±", 1), "±")
	read, err := time.ParseDuration(middle)
	if err != nil || read < 0 {
		return fmt.Errorf("%q is not a time as 200ms or 200ms±50ms", text)
	}
	*s = spread{middle: read}
	if !varies {
		return nil
	}
	if s.half, err = time.ParseDuration(half); err != nil || s.half < 0 || s.half > s.middle {
		return fmt.Errorf("%q is not a time as 200ms±50ms, which is never below zero", text)
	}
	return nil
}

// String is as UnmarshalText reads it.
func (s spread) String() string {
	if s.half == 0 {
		return s.middle.String()
	}
	return s.middle.String() + "±" + s.half.String()
}

func (s spread) least() time.Duration { return s.middle - s.half }
func (s spread) width() time.Duration { return 2 * s.half }
