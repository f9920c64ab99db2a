package sqlite

import (
	"strconv"

	"orderly/pkg/sqldb"
)

// args encodes rows as one JSON array of arrays. json_each gives back what went
// in: integers of 64 bits are exact.
func args(cols []sqldb.Column, rows [][]any) ([]any, error) {
	buf := append(make([]byte, 0, size(rows)), '[')
	for i, row := range rows {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, '[')
		for j, v := range row {
			if j > 0 {
				buf = append(buf, ',')
			}
			cell, err := cols[j].Cell(v)
			if err != nil {
				return nil, err
			}
			buf = appendCell(buf, cols[j].Type, cell)
		}
		buf = append(buf, ']')
	}
	return []any{string(append(buf, ']'))}, nil
}

func appendCell(buf []byte, t sqldb.ColumnType, cell sqldb.Cell) []byte {
	switch {
	case cell.Null:
		return append(buf, "null"...)
	case t == sqldb.Text, t == sqldb.UUID:
		return appendText(buf, cell.Text)
	case t == sqldb.Bool:
		return strconv.AppendBool(buf, cell.Int != 0)
	}
	return strconv.AppendInt(buf, cell.Int, 10)
}

// appendText quotes s, which is valid UTF-8.
func appendText(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		buf = append(buf, s[start:i]...)
		if c < ' ' {
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			buf = append(buf, '\\', c)
		}
		start = i + 1
	}
	return append(append(buf, s[start:]...), '"')
}

// size is about what rows take as JSON.
func size(rows [][]any) int {
	const number = 24
	n := 2
	for _, row := range rows {
		for _, v := range row {
			text, _ := v.(string)
			n += number + len(text) + len(text)/8
		}
	}
	return n
}
