package main

import (
	"os/exec"
	"testing"
	"time"
)

// A server that works in child processes, as PostgreSQL does, is charged with
// what they use, while they run and once they have ended.
func TestCpuOf_counts_children(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", `sh -c 'while :; do :; done' & echo; read line; kill $!; wait; echo; read line`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // ends with its input
	defer in.Close()
	next := func() {
		t.Helper()
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	used := func() time.Duration {
		t.Helper()
		d, err := cpuOf(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	next()
	for began := time.Now(); used() < 100*time.Millisecond; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the child's time is not counted")
		}
	}
	running := used()
	if _, err := in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	next()
	if ended := used(); ended < running {
		t.Errorf("%v once the child has ended, %v while it ran", ended, running)
	}
}
