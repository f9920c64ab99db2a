package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// counter reads how many orders have ended.
type counter struct{ settings }

func (c counter) read() (int64, error) {
	total := 0.0
	for _, url := range c.counts {
		n, err := c.at(url)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return int64(total), nil
}

func (c counter) at(url string) (total float64, err error) {
	res, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, res.Status)
	}
	for _, m := range c.count.FindAllSubmatch(body, -1) {
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", url, err)
		}
		total += v
	}
	return total, nil
}

const (
	countAtLeast = 5 * time.Millisecond
	countAtMost  = 500 * time.Millisecond
)

// await polls the count until it reaches want. A page of metrics costs the
// server more than a bare number: the next look comes when half of what is
// left should have ended.
func (c counter) await(want int64) error {
	began, first, last, moved := time.Now(), int64(-1), int64(-1), time.Now()
	for {
		n, err := c.read()
		if err == nil && n >= want {
			return nil
		}
		if first < 0 && err == nil {
			first = n
		}
		if n != last {
			last, moved = n, time.Now()
		}
		if time.Since(moved) > c.timeout {
			return fmt.Errorf("stuck: %d of %d orders have ended (%v)", n, want, err)
		}
		rest := time.Duration(0)
		if done := n - first; done > 0 {
			rest = time.Duration(float64(time.Since(began)) / float64(done) * float64(want-n))
		}
		time.Sleep(min(max(rest/2, countAtLeast), countAtMost))
	}
}
