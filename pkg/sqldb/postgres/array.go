package postgres

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"orderly/pkg/sqldb"
)

// array is an array of PostgreSQL in its binary format. The driver's own
// encoding of slices boxes every element.
type array []byte

// args encodes rows as one array for each column.
func args(cols []sqldb.Column, rows [][]any) ([]any, error) {
	arrays := make([]any, len(cols))
	for i, c := range cols {
		a, err := column(c, rows, i)
		if err != nil {
			return nil, err
		}
		arrays[i] = a
	}
	return arrays, nil
}

const (
	headSize   = 20 // dimensions, NULLs, type, length, lower bound
	lengthSize = 4
	null       = -1 // the length of NULL
)

// column encodes the values at position at of rows.
func column(c sqldb.Column, rows [][]any, at int) (array, error) {
	a := make(array, 0, headSize+len(rows)*(lengthSize+room(c, rows, at)))
	dimensions, hasNull := uint32(1), uint32(0)
	if len(rows) == 0 {
		dimensions = 0
	}
	a = binary.BigEndian.AppendUint32(a, dimensions)
	a = binary.BigEndian.AppendUint32(a, 0) // whether there are NULLs, as seen below
	a = binary.BigEndian.AppendUint32(a, elementOID(c.Type))
	if len(rows) > 0 {
		a = binary.BigEndian.AppendUint32(a, uint32(len(rows)))
		a = binary.BigEndian.AppendUint32(a, 1)
	}
	for _, row := range rows {
		cell, err := c.Cell(row[at])
		if err != nil {
			return nil, err
		}
		if cell.Null {
			hasNull = 1
		}
		a = appendCell(a, c.Type, cell)
	}
	binary.BigEndian.PutUint32(a[4:], hasNull)
	return a, nil
}

// room is about what a value takes.
func room(c sqldb.Column, rows [][]any, at int) int {
	if c.Type != sqldb.Text || len(rows) == 0 {
		return 16
	}
	first, _ := rows[0][at].(string)
	return len(first) + len(first)/4
}

func appendCell(a array, t sqldb.ColumnType, cell sqldb.Cell) array {
	switch {
	case cell.Null:
		return appendLength(a, null)
	case t == sqldb.UUID:
		return appendUUID(appendLength(a, 16), cell.Text)
	case t == sqldb.Text:
		return append(appendLength(a, len(cell.Text)), cell.Text...)
	case t == sqldb.Bool:
		return append(appendLength(a, 1), byte(cell.Int))
	}
	return binary.BigEndian.AppendUint64(appendLength(a, 8), uint64(cell.Int))
}

func appendLength(a array, n int) array { return binary.BigEndian.AppendUint32(a, uint32(int32(n))) }

// appendUUID appends the bytes of a UUID that was checked to have 36 characters
// in lower case.
func appendUUID(a array, s string) array {
	for i := 0; i < len(s); i += 2 {
		if s[i] == '-' {
			i++
		}
		a = append(a, nibble(s[i])<<4|nibble(s[i+1]))
	}
	return a
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

func elementOID(t sqldb.ColumnType) uint32 {
	switch t {
	case sqldb.UUID:
		return pgtype.UUIDOID
	case sqldb.Int, sqldb.Time:
		return pgtype.Int8OID
	case sqldb.Bool:
		return pgtype.BoolOID
	default:
		return pgtype.TextOID
	}
}

// RegisterArrays teaches a connection of pgx to send the arrays of [sqldb.DB.In]
// and of the set statements as they are. Those of [Open] know it; a pool of
// another making needs it after each connect.
func RegisterArrays(_ context.Context, conn *pgx.Conn) error {
	for _, oid := range []uint32{pgtype.UUIDArrayOID, pgtype.Int8ArrayOID, pgtype.BoolArrayOID, pgtype.TextArrayOID} {
		known, ok := conn.TypeMap().TypeForOID(oid)
		if ok {
			conn.TypeMap().RegisterType(&pgtype.Type{Name: known.Name, OID: oid, Codec: arrayCodec{known.Codec}})
		}
	}
	return nil
}

// arrayCodec is the driver's codec for an array type, which also takes ours.
type arrayCodec struct{ pgtype.Codec }

// PlanEncode chooses how a value is encoded.
func (c arrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ours := value.(array); ours && format == pgtype.BinaryFormatCode {
		return asItIs{}
	}
	return c.Codec.PlanEncode(m, oid, format, value)
}

// asItIs is the encoding of an array that is encoded already.
type asItIs struct{}

// Encode appends the array.
func (asItIs) Encode(value any, buf []byte) ([]byte, error) {
	return append(buf, value.(array)...), nil
}
