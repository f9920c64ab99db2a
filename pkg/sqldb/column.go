package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Column names a column and the type of its values. The name is trusted SQL
// and is not quoted.
type Column struct {
	Name string
	Type ColumnType
}

// ColumnType says which Go values a column takes. nil and a nil pointer are
// NULL in all of them; named types, pointers and [driver.Valuer] are accepted.
type ColumnType int

const (
	// Text takes a string: valid UTF-8 without the NUL character. It is text
	// on both databases. Give it COLLATE "C" on PostgreSQL where order counts.
	Text ColumnType = iota
	// UUID takes a string of 36 characters in lower case. It is uuid on
	// PostgreSQL and text on SQLite.
	UUID
	// Int takes any integer that fits into 64 bits with a sign: bigint.
	Int
	// Bool takes a bool: boolean.
	Bool
	// Time takes a [time.Time], whose zero value is NULL, or an integer of
	// Unix microseconds: bigint. Read it with [ScanTime].
	Time
)

// String returns the name of the constant in lower case.
func (t ColumnType) String() string {
	names := [...]string{"text", "uuid", "int", "bool", "time"}
	if t < 0 || int(t) >= len(names) {
		return fmt.Sprintf("ColumnType(%d)", int(t))
	}
	return names[t]
}

// Micros returns t as a [Time] column stores it: microseconds since 1970, the
// rest cut off. Use it for arguments of hand-written queries.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// ScanTime returns a scanner that reads a [Time] column into dst, in UTC. NULL
// gives the zero time.
func ScanTime(dst *time.Time) sql.Scanner { return timeScanner{dst} }

type timeScanner struct{ dst *time.Time }

func (s timeScanner) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.dst = time.Time{}
	case int64:
		*s.dst = time.UnixMicro(v).UTC()
	case time.Time:
		*s.dst = v.UTC().Truncate(time.Microsecond)
	default:
		return fmt.Errorf("scan time: column holds %T, not a bigint of Unix microseconds", src)
	}
	return nil
}

// values returns rows with every value in the one form that a dialect encodes.
func values(cols []Column, rows [][]any) ([][]any, error) {
	out := make([][]any, len(rows))
	cells := make([]any, len(rows)*len(cols))
	for i, row := range rows {
		if len(row) != len(cols) {
			return nil, fmt.Errorf("row %d has %d values for %d columns", i, len(row), len(cols))
		}
		out[i], cells = cells[:len(cols):len(cols)], cells[len(cols):]
		for j, v := range row {
			value, err := cols[j].value(v)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", i, err)
			}
			out[i][j] = value
		}
	}
	return out, nil
}

func (c Column) value(v any) (plain any, err error) {
	switch v.(type) {
	case string, int64, bool, time.Time:
		plain = v // as it is, which the converter would find out at length
	default:
		if plain, err = driver.DefaultParameterConverter.ConvertValue(v); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	ok := true
	switch p := plain.(type) {
	case nil:
	case string:
		return c.text(p, plain)
	case int64:
		ok = c.Type == Int || c.Type == Time
	case bool:
		ok = c.Type == Bool
	case time.Time:
		if c.Type == Time && p.IsZero() {
			return nil, nil
		}
		plain, ok = Micros(p), c.Type == Time
	default:
		ok = false
	}
	if !ok {
		return nil, fmt.Errorf("column %s: a %s column does not take %T", c.Name, c.Type, v)
	}
	return plain, nil
}

// text checks s, so that both databases refuse the same strings. It returns
// boxed, which holds s, to save an allocation.
func (c Column) text(s string, boxed any) (any, error) {
	switch {
	case c.Type == UUID && !isUUID(s):
		return nil, fmt.Errorf("column %s: %q is not a UUID of 36 characters in lower case", c.Name, s)
	case c.Type == UUID:
	case c.Type != Text:
		return nil, fmt.Errorf("column %s: a %s column does not take a string", c.Name, c.Type)
	case !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0:
		return nil, fmt.Errorf("column %s: text is not UTF-8 or holds a NUL character: %.40q", c.Name, s)
	}
	return boxed, nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		switch {
		case dash && c == '-':
		case !dash && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f'):
		default:
			return false
		}
	}
	return true
}
