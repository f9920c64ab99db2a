package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit bounds every wait for containers.
const limit = 3 * time.Minute

// project is what compose.yaml starts, under a name and a port of its own.
type project struct {
	t    *testing.T
	name string
	root string // of the repository
	port string
}

// newProject starts everything and removes it in the end.
func newProject(t *testing.T) *project {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, name: "orderly-test", root: root, port: freePort(t)}
	p.command(exec.Command("./scripts/secrets"))
	p.down()
	t.Cleanup(p.down)
	began := time.Now()
	p.compose("up", "--build", "--detach", "--wait")
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("up after %s", time.Since(began).Round(time.Second))
	return p
}

func (p *project) down() {
	if p.t.Failed() {
		for _, name := range p.containers() {
			p.t.Logf("%s said:\n%s", name, p.tail(name))
		}
	}
	p.compose("-f", "compose.observability.yaml", "--profile", "shop", "--profile", "tools", "down", "--volumes", "--remove-orphans", "--timeout", "45")
	for _, kind := range []string{"container", "volume", "network"} {
		if left := p.docker(kind, "ls", "-q", "--filter", "label=com.docker.compose.project="+p.name); left != "" {
			p.t.Errorf("down left a %s: %s", kind, left)
		}
	}
}

func (p *project) url() string { return "http://127.0.0.1:" + p.port }

func (p *project) compose(args ...string) string {
	p.t.Helper()
	return p.docker(append([]string{"compose", "-f", "compose.yaml", "-p", p.name}, args...)...)
}

func (p *project) docker(args ...string) string {
	p.t.Helper()
	return p.command(exec.Command("docker", args...))
}

// command runs a program and returns what it said; a failure ends the test.
func (p *project) command(cmd *exec.Cmd) string {
	p.t.Helper()
	cmd.Dir = p.root
	cmd.Env = append(cmd.Environ(), "ORDERLY_PORT="+p.port)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, lastLines(string(out), 30))
	}
	return strings.TrimSpace(string(out))
}

func (p *project) tail(container string) string {
	out, _ := exec.Command("docker", "logs", "--tail", "15", container).CombinedOutput() // it may be gone
	return string(out)
}

// containers are those that run, or should.
func (p *project) containers() []string {
	names := strings.Fields(p.docker("ps", "-a", "--filter", "label=com.docker.compose.project="+p.name, "--format", "{{.Names}}"))
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return strings.Contains(n, "migrate") || strings.Contains(n, "topology") })
}

// of are the containers of a service.
func (p *project) of(service string) []string {
	names := strings.Fields(p.docker("ps", "--filter", "label=com.docker.compose.project="+p.name,
		"--filter", "label=com.docker.compose.service="+service, "--format", "{{.Names}}"))
	slices.Sort(names)
	return names
}

// awaitHealthy waits until a container says so.
func (p *project) awaitHealthy(container string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		state := p.docker("inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", container)
		if state == "running healthy" {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.t.Fatalf("%s is %s after %s:\n%s", container, state, limit, p.tail(container))
		}
	}
}

// awaitAllHealthy waits for every container.
func (p *project) awaitAllHealthy() {
	p.t.Helper()
	for _, name := range p.containers() {
		p.awaitHealthy(name)
	}
}

// networks are those that a container is in, with the names it has there.
func (p *project) networks(container string) map[string][]string {
	p.t.Helper()
	var all map[string]struct{ Aliases []string }
	if err := json.Unmarshal([]byte(p.docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", container)), &all); err != nil {
		p.t.Fatal(err)
	}
	out := make(map[string][]string, len(all))
	for name, n := range all {
		out[name] = n.Aliases
	}
	return out
}

// cut takes a container out of networks, all but those named, and returns what
// puts it back.
func (p *project) cut(container string, spared ...string) (mend func()) {
	p.t.Helper()
	networks := p.networks(container)
	for _, n := range spared {
		delete(networks, p.name+"_"+n)
	}
	for n := range networks {
		p.docker("network", "disconnect", n, container)
	}
	return func() {
		for n, aliases := range networks {
			args := []string{"network", "connect"}
			for _, a := range aliases {
				args = append(args, "--alias", a)
			}
			p.docker(append(args, n, container)...)
		}
	}
}

// verify audits the books, as an operator does it.
func (p *project) verify() {
	p.t.Helper()
	out := p.compose("run", "--rm", "orderly", "verify", "--wait", "2m")
	if !strings.Contains(out, "clean: every order, charge and unit of stock is accounted for") {
		p.t.Errorf("verify said\n%s", lastLines(out, 20))
	}
	p.t.Log(lastLines(out, 5))
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}
