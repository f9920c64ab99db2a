package proc

import "time"

const (
	settleAtLeast = 2 * time.Second
	settleAtMost  = 30 * time.Second
	settleLook    = 500 * time.Millisecond
	settleIdle    = 0.1 // cores
)

// Settled reads the CPU once the processes are as good as idle, so that work
// that was put off until after the last order counts too.
func Settled(processes map[string]int) (map[string]float64, error) {
	began := time.Now()
	last, err := CPU(processes)
	for err == nil {
		time.Sleep(settleLook)
		var now map[string]float64
		if now, err = CPU(processes); err != nil {
			break
		}
		busy := (sum(now) - sum(last)) / settleLook.Seconds()
		took := time.Since(began)
		if last = now; took >= settleAtMost || took >= settleAtLeast && busy < settleIdle {
			break
		}
	}
	return last, err
}

func sum(cpu map[string]float64) (total float64) {
	for _, v := range cpu {
		total += v
	}
	return total
}
