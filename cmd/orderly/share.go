package main

import (
	"fmt"
	"strconv"
	"strings"
)

// share is a part of a whole, 0 to 1.
type share float64

// UnmarshalText reads 2% or 0.02.
func (s *share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	read, err := strconv.ParseFloat(number, 64)
	if percent {
		read /= 100
	}
	if err != nil || !(read >= 0 && read <= 1) { // not a number fails this too
		return fmt.Errorf("%q is not a share as 2%% or 0.02", text)
	}
	*s = share(read)
	return nil
}

// String is in percent.
func (s share) String() string { return strconv.FormatFloat(100*float64(s), 'g', 6, 64) + "%" }
