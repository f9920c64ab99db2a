package sqldb

import (
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
// A pointer is read at once and costs no allocation, as a value does.
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
func ScanTime(dst *time.Time) TimeScanner { return TimeScanner{dst} }

// TimeScanner reads a [Time] column. Make it with [ScanTime].
type TimeScanner struct{ dst *time.Time }

// Scan implements sql.Scanner.
func (s TimeScanner) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.dst = time.Time{}
	case int64:
		s.Set(v)
	case time.Time:
		*s.dst = v.UTC().Truncate(time.Microsecond)
	default:
		return fmt.Errorf("scan time: column holds %T, not a bigint of Unix microseconds", src)
	}
	return nil
}

// Set takes over Unix microseconds that a dialect has read.
func (s TimeScanner) Set(micros int64) { *s.dst = time.UnixMicro(micros).UTC() }

// Cell is one value in the form that a dialect encodes.
type Cell struct {
	Null bool
	Text string // of a Text or UUID column
	Int  int64  // of an Int or Time column; 0 or 1 of a Bool column
}

// Cell checks that the column takes v, so that all databases refuse the same
// values, and returns it in the one form that they encode.
func (c Column) Cell(v any) (Cell, error) {
	cell, given := plain(v)
	if given == other { // a named type, a pointer or a Valuer
		converted, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return Cell{}, fmt.Errorf("column %s: %w", c.Name, err)
		}
		cell, given = plain(converted)
	}
	switch {
	case cell.Null:
		return cell, nil
	case !c.Type.takes(given):
		return Cell{}, fmt.Errorf("column %s: a %s column does not take %T", c.Name, c.Type, v)
	case c.Type == UUID && !isUUID(cell.Text):
		return Cell{}, fmt.Errorf("column %s: %q is not a UUID of 36 characters in lower case", c.Name, cell.Text)
	case c.Type == Text && (!utf8.ValidString(cell.Text) || strings.IndexByte(cell.Text, 0) >= 0):
		return Cell{}, fmt.Errorf("column %s: text is not UTF-8 or holds a NUL character: %.40q", c.Name, cell.Text)
	}
	return cell, nil
}

// kind is what a value is, for the columns that take it.
type kind int

const (
	other kind = iota
	text
	number
	truth
	instant
)

func (t ColumnType) takes(k kind) bool {
	switch t {
	case Text, UUID:
		return k == text
	case Int:
		return k == number
	case Bool:
		return k == truth
	case Time:
		return k == instant || k == number
	}
	return false
}

func plain(v any) (Cell, kind) {
	switch v := v.(type) {
	case nil:
		return Cell{Null: true}, instant
	case string:
		return Cell{Text: v}, text
	case int64:
		return Cell{Int: v}, number
	case int:
		return Cell{Int: int64(v)}, number
	case bool:
		if v {
			return Cell{Int: 1}, truth
		}
		return Cell{}, truth
	case time.Time:
		return Cell{Null: v.IsZero(), Int: Micros(v)}, instant
	}
	return pointed(v)
}

// pointed is plain for pointers: a row of pointers into a struct boxes nothing.
func pointed(v any) (Cell, kind) {
	switch v := v.(type) {
	case *string:
		if v != nil {
			return Cell{Text: *v}, text
		}
	case *int64:
		if v != nil {
			return Cell{Int: *v}, number
		}
	case *int:
		if v != nil {
			return Cell{Int: int64(*v)}, number
		}
	case *bool:
		if v != nil {
			return plain(*v)
		}
	case *time.Time:
		if v != nil {
			return plain(*v)
		}
	default:
		return Cell{}, other
	}
	return plain(nil)
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
