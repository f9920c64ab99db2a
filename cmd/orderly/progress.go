package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"orderly/cmd/internal/daemon"
)

const (
	barWidth    = 30
	barEvery    = 100 * time.Millisecond
	lineEvery   = 5 * time.Second
	clearToLine = "\r\x1b[K"
)

// progress shows how far a piece of work has come: as a bar that moves on a
// terminal, as a line every few seconds elsewhere. One goroutine at a time may
// use it.
type progress struct {
	to       io.Writer
	terminal bool
	what     string
	total    int // 0 = not known
	shown    time.Time
	began    time.Time
}

func newProgress(to io.Writer, what string, total int) *progress {
	f, isFile := to.(*os.File)
	now := time.Now()
	return &progress{to: to, terminal: isFile && daemon.IsTerminal(f), what: what, total: total, shown: now, began: now}
}

// at tells how many are done.
func (p *progress) at(done int) {
	now := time.Now()
	switch since := now.Sub(p.shown); {
	case p.terminal && since >= barEvery:
		fmt.Fprint(p.to, clearToLine, p.bar(done))
	case !p.terminal && since >= lineEvery:
		fmt.Fprintln(p.to, p.line(done))
	default:
		return
	}
	p.shown = now
}

// say prints a line of its own above the bar.
func (p *progress) say(line string) {
	if p.terminal {
		fmt.Fprint(p.to, clearToLine)
		p.shown = time.Time{}
	}
	fmt.Fprintln(p.to, line)
}

// end shows the result.
func (p *progress) end(done int) {
	line := fmt.Sprintf("%s: %d in %s", p.what, done, time.Since(p.began).Round(10*time.Millisecond))
	if p.terminal {
		line = clearToLine + line
	}
	fmt.Fprintln(p.to, line)
}

func (p *progress) line(done int) string {
	if p.total == 0 {
		return fmt.Sprintf("%s: %d", p.what, done)
	}
	return fmt.Sprintf("%s: %d of %d", p.what, done, p.total)
}

func (p *progress) bar(done int) string {
	if p.total == 0 {
		return p.line(done)
	}
	filled := barWidth * min(done, p.total) / p.total
	return fmt.Sprintf("[%s%s] %s", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), p.line(done))
}
