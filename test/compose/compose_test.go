package compose

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// engine ends a test that cannot be run here, loudly: it has not passed.
func engine(t *testing.T) {
	t.Helper()
	if os.Getenv("ORDERLY_COMPOSE") == "" {
		t.Skip("NOT RUN: the images and compose.yaml are tested by make test-compose, which needs a Docker engine")
	}
	for _, args := range [][]string{{"info"}, {"compose", "version"}, {"buildx", "version"}} {
		if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
			t.Fatalf("NOT RUN: docker %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestCompose starts what a user starts, and does to it what happens to it.
func TestCompose(t *testing.T) {
	engine(t)
	p := newProject(t)
	p.stock()
	for _, test := range []struct {
		name string
		run  func(*project)
	}{
		{"the sample shop", (*project).shop},
		{"nothing runs as it should not", (*project).confined},
		{"a service reaches only what it needs", (*project).apart},
		{"a start that cannot work says why", (*project).refusals},
		{"Prometheus sees every replica", (*project).watched},
		{"a rolling restart fails no request", (*project).rolling},
		{"each container is killed", (*project).kills},
		{"networks are cut", (*project).cuts},
	} {
		t.Run(test.name, func(t *testing.T) {
			of := *p
			of.t = t
			test.run(&of)
		})
	}
}

func (p *project) shop() {
	out := p.compose("run", "--rm", "shop")
	if !strings.Contains(out, "orders accepted          869") || !strings.Contains(out, "clean: every order") {
		p.t.Errorf("the shop said\n%s", lastLines(out, 20))
	}
	p.t.Log("\n" + lastLines(out, 13))
}

// confined: no root but in PostgreSQL's and NATS's own images, nothing writable but
// the volumes, limits everywhere.
func (p *project) confined() {
	for _, name := range p.containers() {
		got := p.docker("inspect", "-f",
			"{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{ne (print .HostConfig.Memory) \"0\"}} {{ne (print .HostConfig.NanoCpus) \"0\"}} {{.HostConfig.RestartPolicy.Name}} {{index .HostConfig.LogConfig.Config \"max-size\"}}", name)
		if got != "true [ALL] [no-new-privileges:true] true true unless-stopped 10m" {
			p.t.Errorf("%s runs with %s", name, got)
		}
	}
	for _, service := range []string{"order", "inventory", "payment"} {
		for _, name := range p.of(service) {
			if user := p.docker("inspect", "-f", "{{.Config.User}}", name); user != "65532:65532" {
				p.t.Errorf("%s runs as %q", name, user)
			}
		}
	}
}

// apart: two services share no network, and none has a way out.
func (p *project) apart() {
	members := map[string][]string{}
	for _, service := range []string{"order", "inventory", "payment"} {
		for network := range p.networks(p.of(service)[0]) {
			members[network] = append(members[network], service)
			if p.docker("network", "inspect", "-f", "{{.Internal}}", network) != "true" {
				p.t.Errorf("%s has a way out through %s", service, network)
			}
		}
	}
	for network, services := range members {
		if len(services) > 1 {
			p.t.Errorf("%v share the network %s", services, network)
		}
	}
}

// rolling: G8 with containers.
func (p *project) rolling() {
	l := p.startLoad("rolling", 0)
	for _, service := range []string{"order", "inventory", "payment"} {
		for _, name := range p.of(service) {
			p.docker("restart", "--time", "40", name)
			if code := p.docker("inspect", "-f", "{{.State.OOMKilled}}", name); code != "false" {
				p.t.Errorf("%s was out of memory", name)
			}
			p.awaitHealthy(name)
		}
	}
	p.settle(l)
	p.verify()
}

func (p *project) kills() {
	l := p.startLoad("kills", limit)
	for _, name := range p.containers() {
		p.docker("kill", name)
		time.Sleep(time.Second) // it is away for a while
		p.docker("start", name)
		p.awaitHealthy(name)
		p.awaitFlow(p.t, "after the death of "+name)
	}
	p.settle(l)
	p.awaitAllHealthy()
	p.verify()
}

// away is for how long a network is cut: longer than a lease of JetStream, and than
// what clients take to notice.
const away = 15 * time.Second

func (p *project) cuts() {
	for _, cut := range []struct {
		what, container string
		spared          []string
	}{
		{"a NATS server", p.of("nats-2")[0], nil},
		{"a service from NATS and its database", p.of("order")[0], []string{"order-web"}},
		{"a service from the front", p.of("payment")[0], []string{"payment"}},
		{"PostgreSQL", p.of("postgres")[0], nil},
	} {
		p.t.Logf("cut off: %s (%s)", cut.what, cut.container)
		l := p.startLoad("cut "+cut.container, limit)
		mend := p.cut(cut.container, cut.spared...)
		time.Sleep(away)
		mend()
		p.awaitFlow(p.t, "after the cut of "+cut.container)
		p.settle(l)
		p.awaitAllHealthy()
		p.verify()
	}
}
