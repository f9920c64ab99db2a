package process_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"orderly/internal/process"
)

const asParent = "PROCESS_TEST_PARENT"

// The parent is this test binary in a process of its own. It starts a child,
// says its id, and waits to be killed.
func TestParent(t *testing.T) {
	if os.Getenv(asParent) == "" {
		t.Skip("runs only as the parent of the next test")
	}
	p, err := process.Start(exec.Command("sleep", "60"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("child %d\n", p.Pid())
	select {}
}

func TestStart_child_dies_with_a_killed_parent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0], "-test.run=^TestParent$")
	parent.Env = append(os.Environ(), asParent+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "child %d", &pid) // other lines say other things
	}
	if err := parent.Process.Kill(); err != nil || pid == 0 {
		t.Fatalf("kill the parent of %d: %v", pid, err)
	}
	_ = parent.Wait()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for alive(pid) {
		select {
		case <-tick.C:
		case <-late:
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the child outlived its parent by 10 seconds")
		}
	}
}

// alive is false for a process that has ended but that nobody waited for.
func alive(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	var id int
	var name, state string
	_, err = fmt.Sscan(string(status), &id, &name, &state)
	return err == nil && state != "Z"
}
