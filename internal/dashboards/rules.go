package main

import (
	"os"
	"strings"
)

const prometheusRule = `# Made from deploy/prometheus/orderly.rules.yaml by go generate ./internal/dashboards.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: orderly
spec:
`

// wrapRules makes the alerts what Prometheus's operator on Kubernetes reads.
func wrapRules(rules, to string) error {
	content, err := os.ReadFile(rules)
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(prometheusRule)
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "#") {
			continue // they are of the file that this is made from
		}
		if strings.TrimSpace(line) != "" {
			out.WriteString("  ")
		}
		out.WriteString(line)
	}
	return os.WriteFile(to, []byte(out.String()), 0o644)
}
