package compose

import (
	"net"
	"os/exec"
	"strings"
	"time"
)

// refusals: what is wrong is said in words, with exit code 1 or 2, before any work
// is accepted, and no password is told.
func (p *project) refusals() {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	defer taken.Close()
	inside := []string{"--network", p.name + "_order",
		"-v", p.root + "/secrets/order.nats:/nats:ro", "-v", p.root + "/secrets/order.dsn:/dsn:ro",
		"-e", "ORDERLY_MIGRATE=check", "-e", "ORDERLY_REPLICAS=3"}
	good := append([]string{"-e", "ORDERLY_NATS_URL_FILE=/nats", "-e", "ORDERLY_DATABASE_URL_FILE=/dsn"}, inside...)
	for _, r := range []struct {
		name, image, words string
		flags              []string
	}{
		{"a missing secret", "orderly-order:dev", "/run/secrets/database", []string{"-e", "ORDERLY_DATABASE_URL_FILE=/run/secrets/database"}},
		{"no database", "orderly-order:dev", "no database: set ORDERLY_DATABASE_URL", nil},
		{"a wrong password of PostgreSQL", "orderly-order:dev", "password authentication failed",
			append([]string{"-e", "ORDERLY_NATS_URL_FILE=/nats", "-e", "ORDERLY_DATABASE_URL=postgres://orderly_order:hunter2@postgres:5432/orderly_order"}, inside...)},
		{"a wrong password of NATS", "orderly-order:dev", "check the user and password in the URL",
			append([]string{"-e", "ORDERLY_DATABASE_URL_FILE=/dsn", "-e", "ORDERLY_NATS_URL=nats://order:hunter2@nats-1:4222"}, inside...)},
		{"another service's database", "orderly-payment:dev", "belongs to another service", append([]string{"-e", "ORDERLY_MIGRATE=start"}, good...)},
		{"too little memory", "orderly-order:dev", "this container may use 32 MiB of memory, and 48 MiB are needed: raise its limit", append([]string{"--memory", "32m"}, good...)},
		{"a memory limit of Go above the container's", "orderly-order:dev", "set GOMEMLIMIT to nine tenths", append([]string{"--memory", "128m", "-e", "GOMEMLIMIT=1GiB"}, good...)},
		{"a port that is taken", "orderly:dev", "address already in use", []string{"--network", "host", "-e", "ORDERLY_HTTP_ADDR=" + taken.Addr().String()}},
		{"a volume that cannot be written", "orderly:dev", "permission denied", []string{"--read-only", "--tmpfs", "/data:mode=0555,uid=0"}},
	} {
		args := append([]string{"run", "--rm", "--stop-timeout", "1"}, r.flags...)
		cmd := exec.Command("docker", append(args, r.image)...)
		stuck := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
		out, _ := cmd.CombinedOutput() // the exit code is looked at
		stuck.Stop()
		if code := cmd.ProcessState.ExitCode(); code != 1 && code != 2 || !strings.Contains(string(out), r.words) {
			p.t.Errorf("%s: exit code %d and\n%s\nwant something with %q", r.name, code, lastLines(string(out), 5), r.words)
		}
		if strings.Contains(string(out), "hunter2") || strings.Contains(string(out), "goroutine ") {
			p.t.Errorf("%s: it told a password, or panicked:\n%s", r.name, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, r.words) {
				p.t.Logf("%s: %s", r.name, strings.TrimSpace(line))
			}
		}
	}
}
