package engine

import (
	"testing"
	"testing/synctest"
	"time"
)

// The others go on once what they said last is stored, or when that takes too long.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pace
		if p.pause() != nil {
			t.Error("a pause before anything was said")
		}
		first := p.said()
		pause := p.pause()
		second := p.said()
		first()
		<-pause
		if p.pause() == nil {
			t.Error("no pause although what was said last is not stored")
		}
		second()
		second()
		if p.pause() != nil {
			t.Error("a pause although all is stored")
		}
		began := time.Now()
		late := p.said()
		<-p.pause()
		if took := time.Since(began); took != paceLimit || p.pause() != nil {
			t.Errorf("the pause ended after %s, want %s", took, paceLimit)
		}
		late()
	})
}
