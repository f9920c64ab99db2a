package shop

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// BadLine is a line that cannot be read as what it should be.
type BadLine struct {
	Number int // from 1
	Reason string
}

// Error names the line and what is wrong with it.
func (b *BadLine) Error() string { return fmt.Sprintf("line %d: %s", b.Number, b.Reason) }

// FormatError says that a file as a whole is not what it should be.
type FormatError struct{ Reason string }

// Error returns the reason.
func (f *FormatError) Error() string { return f.Reason }

// lines reads a text line by line. A line that is too long costs only itself.
type lines struct {
	from   *bufio.Reader
	limit  int // bytes a line may have
	number int // of the last line
}

func newLines(r io.Reader, limit int) *lines {
	return &lines{from: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// next returns the next line that is not blank, without its end, or io.EOF.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

func (l *lines) line() ([]byte, error) {
	var line []byte
	for {
		part, err := l.from.ReadSlice('\n')
		if len(line) <= l.limit {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("after line %d: %w", l.number, err)
		}
		l.number++
		if len(line) > l.limit {
			return nil, l.bad("is longer than %d KiB", l.limit>>10)
		}
		return line, nil
	}
}

func (l *lines) bad(format string, args ...any) error {
	return &BadLine{Number: l.number, Reason: fmt.Sprintf(format, args...)}
}
