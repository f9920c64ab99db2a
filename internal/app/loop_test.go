package app

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A loop that hangs is found by /livez, one that waits for its next turn is not.
func TestLoop_that_hangs_is_not_alive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		var l loop
		turns, hang := 0, make(chan struct{})
		go l.run(ctx, func(context.Context) time.Duration {
			if turns++; turns > 1 {
				<-hang
			}
			return time.Hour
		})
		time.Sleep(59 * time.Minute)
		if err := l.alive(ctx); err != nil {
			t.Errorf("while it waits: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := l.alive(ctx); err != nil {
			t.Errorf("when it has just begun: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := l.alive(ctx); err == nil || !strings.Contains(err.Error(), "busy with one thing for 3m") {
			t.Errorf("when it hangs: %v", err)
		}
		close(hang)
		synctest.Wait()
		if err := l.alive(ctx); err != nil {
			t.Errorf("when it goes on: %v", err)
		}
		end()
	})
}
