package compose

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"time"
)

// watched starts the Prometheus of compose.observability.yaml beside the rest.
func (p *project) watched() {
	port := freePort(p.t)
	cmd := exec.Command("docker", "compose", "-p", p.name, "-f", "compose.yaml", "-f", "compose.observability.yaml", "up", "--detach", "--wait", "--no-deps", "prometheus")
	cmd.Env = append(cmd.Environ(), "PROMETHEUS_PORT="+port)
	p.command(cmd)
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Second) {
		up, err := replicasUp("http://127.0.0.1:" + port)
		if err == nil && up == 6 {
			p.t.Logf("Prometheus sees %d replicas", up)
			break
		}
		if time.Now().After(deadline) {
			p.t.Errorf("Prometheus sees %d replicas, %v", up, err)
			break
		}
	}
	p.docker("rm", "--force", "--volumes", p.of("prometheus")[0])
}

// replicasUp asks Prometheus how many it reaches.
func replicasUp(url string) (int, error) {
	answer, err := http.Get(url + "/api/v1/query?query=up==1")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var body struct{ Data struct{ Result []any } }
	err = json.NewDecoder(answer.Body).Decode(&body)
	return len(body.Data.Result), err
}
