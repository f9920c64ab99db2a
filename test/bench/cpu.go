package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

const clockTicks = 100 // per second, on every Linux that Go runs on

// cpuOf is the processor time that a process and its children, those that have
// ended too, have used so far.
func cpuOf(pid int) (time.Duration, error) {
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, child := range append(strings.Fields(string(list)), strconv.Itoa(pid)) {
		used, err := cpuUntilNow(child)
		if errors.Is(err, fs.ErrNotExist) && child != strconv.Itoa(pid) {
			continue // it has just ended, and counts with its parent
		}
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// cpuUntilNow is the time of a process and of its children that have ended.
func cpuUntilNow(pid string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	var ticks int
	for _, field := range strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[11:15] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("/proc/%s/stat: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / clockTicks, nil
}
