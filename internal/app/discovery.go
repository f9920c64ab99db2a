package app

import (
	"strings"
	"time"

	"orderly/pkg/discovery"
	"orderly/pkg/httpkit"
)

// Standing is how a replica of a service is, as its last looks found it.
type Standing struct {
	Service  string   `json:"service" doc:"order, inventory or payment"`
	Replica  string   `json:"replica" doc:"The process" example:"payment-1/4711"`
	URL      string   `json:"url,omitempty" doc:"Where it answers"`
	Ready    bool     `json:"ready" doc:"Whether it takes requests"`
	Failing  []string `json:"failing" nullable:"false" doc:"Why not: the checks of /readyz that are not passed"`
	Lag      uint64   `json:"lag" doc:"Messages that wait for the service; replicas share them"`
	InHand   int      `json:"in_hand" doc:"Messages that a replica got and has not finished"`
	Oldest   string   `json:"oldest" example:"1.5s" doc:"Age of the oldest thing that the service has not finished"`
	LookedAt string   `json:"looked_at,omitempty" doc:"When the last look at the readiness was"`
}

// standing says how a service in this process is. It asks nobody.
func (p *Process) standing(s *Service) Standing {
	report, at := p.probe.last()
	out := Standing{
		Service: s.Name, Replica: replica(), URL: p.URL(),
		Failing: failing(report, s.Name, p.serviceNames()),
		Oldest:  s.figures.oldest().Round(time.Millisecond).String(),
	}
	out.Ready = !at.IsZero() && len(out.Failing) == 0 && !p.health.Stopping()
	if !at.IsZero() {
		out.LookedAt = at.UTC().Format(time.RFC3339)
	}
	for _, c := range s.Engine.Stats().Consumers {
		out.Lag += c.Waiting
		out.InHand += c.InHand
	}
	return out
}

func (p *Process) serviceNames() []string {
	var names []string
	for _, s := range p.services {
		names = append(names, s.Name)
	}
	return names
}

// failing are the checks that are not passed, but for those of other services.
func failing(report httpkit.Report, service string, all []string) []string {
	out := []string{}
	for _, f := range report.Failing() {
		others := false
		for _, name := range all {
			others = others || name != service && strings.HasPrefix(f, name+"-")
		}
		if !others {
			out = append(out, f)
		}
	}
	return out
}

// announce makes a service known on NATS.
func (p *Process) announce(s *Service, version string) error {
	a, err := discovery.Announce(p.bus.NC(), discovery.Config{
		Name: program(s.Name), About: "Orderly's " + s.Name + " service", Version: version,
		Metadata: map[string]string{
			"system": "orderly", "service": s.Name, "replica": replica(), "url": p.URL(),
			readsField: strings.Join(s.reads(), " "), saysField: strings.Join(s.tells(), " "),
		},
		Endpoints:     s.endpoints(),
		Status:        func() any { return p.standing(s) },
		HealthSubject: healthSubject(s.Name),
		Logger:        s.deps.Logger,
	})
	if err != nil {
		return err
	}
	p.announced = append(p.announced, a)
	return nil
}
