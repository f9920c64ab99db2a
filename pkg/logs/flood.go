package logs

import (
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
)

// Counts counts entries by level. The zero value is ready.
type Counts struct {
	levels [zapcore.FatalLevel - zapcore.DebugLevel + 1]struct{ written, dropped atomic.Uint64 }
}

// Of returns how many entries of a level were written, and dropped in a flood.
func (c *Counts) Of(level zapcore.Level) (written, dropped uint64) {
	n := &c.levels[level-zapcore.DebugLevel]
	return n.written.Load(), n.dropped.Load()
}

// Levels are those that there is anything of.
func Levels() []zapcore.Level {
	return []zapcore.Level{zapcore.DebugLevel, zapcore.InfoLevel, zapcore.WarnLevel, zapcore.ErrorLevel}
}

const (
	floodFirst      = 100
	floodThereafter = 100
)

// Guard returns a core that bounds floods: of entries with the same level and
// message it writes the first hundred of each second and every hundredth beyond.
// Counts, if not nil, is told of each.
func Guard(core zapcore.Core, counts *Counts) zapcore.Core {
	if counts == nil {
		counts = new(Counts)
	}
	return zapcore.NewSamplerWithOptions(core, time.Second, floodFirst, floodThereafter,
		zapcore.SamplerHook(func(e zapcore.Entry, d zapcore.SamplingDecision) {
			if e.Level < zapcore.DebugLevel || e.Level > zapcore.FatalLevel {
				return
			}
			n := &counts.levels[e.Level-zapcore.DebugLevel]
			if d&zapcore.LogDropped != 0 {
				n.dropped.Add(1)
			} else {
				n.written.Add(1)
			}
		}))
}
