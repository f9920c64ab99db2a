package kubernetes

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// names are the services, by their Deployments.
func names() []string { return []string{"inventory-service", "order-service", "payment-service"} }

// each runs a test on every overlay.
func each(t *testing.T, test func(*testing.T, overlay)) {
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			test(t, render(t, folder))
		})
	}
}

// run runs a program of the repository and returns all that it said.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run", "./cmd/" + program}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// What a program is told it reads, and files that it is told of are there.
func TestSettings_are_those_that_the_programs_read(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`\bORDERLY_[A-Z_]+\b`)
	reads := make(map[string][]string)
	for _, name := range names() {
		reads[name] = variable.FindAllString(run(t, name, "--help"), -1)
	}
	reads["migrate"] = variable.FindAllString(run(t, "orderly", "migrate", "up", "--help"), -1)
	each(t, func(t *testing.T, o overlay) {
		for _, d := range o.Deployments {
			pod := d.Spec.Template.Spec
			for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
				known := reads[d.Name]
				if c.Name == "migrate" {
					known = reads[c.Name]
				}
				for name, value := range o.environment(t, c) {
					if strings.HasPrefix(name, "ORDERLY_") && !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
						t.Errorf("%s of %s: no such setting: %s", c.Name, d.Name, name)
					}
					if strings.HasSuffix(name, "_FILE") && !strings.HasPrefix(value, c.VolumeMounts[0].MountPath+"/") {
						t.Errorf("%s of %s: %s is not in a volume: %s", c.Name, d.Name, name, value)
					}
				}
			}
		}
	})
}

// environment is what a container is told.
func (o overlay) environment(t *testing.T, c core.Container) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, from := range c.EnvFrom {
		i := slices.IndexFunc(o.Configs, func(m core.ConfigMap) bool { return m.Name == from.ConfigMapRef.Name })
		if i < 0 {
			t.Fatalf("no ConfigMap %s", from.ConfigMapRef.Name)
		}
		maps.Copy(all, o.Configs[i].Data)
	}
	for _, e := range c.Env {
		all[e.Name] = e.Value
	}
	return all
}

func TestServices_lead_to_their_pods(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o overlay) {
		if len(o.Deployments) != 3 || len(o.Services) != 3 {
			t.Fatalf("%d Deployments, %d Services", len(o.Deployments), len(o.Services))
		}
		for i, d := range o.Deployments {
			c := d.Spec.Template.Spec.Containers[0]
			s := o.Services[i]
			if d.Name != names()[i] || s.Name != d.Name {
				t.Fatalf("Deployment %s, Service %s", d.Name, s.Name)
			}
			if !within(s.Spec.Selector, d.Spec.Template.Labels) || !within(d.Spec.Selector.MatchLabels, d.Spec.Template.Labels) {
				t.Errorf("%s: the selectors %v and %v miss %v", s.Name, s.Spec.Selector, d.Spec.Selector.MatchLabels, d.Spec.Template.Labels)
			}
			if s.Spec.Ports[0].TargetPort.StrVal != c.Ports[0].Name || o.environment(t, c)["ORDERLY_HTTP_ADDR"] != fmt.Sprintf(":%d", c.Ports[0].ContainerPort) {
				t.Errorf("%s: ports %+v and %+v", s.Name, s.Spec.Ports, c.Ports)
			}
			for path, probe := range map[string]*core.Probe{"/livez": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
				if probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != c.Ports[0].Name {
					t.Errorf("%s: %s is asked for %s", s.Name, path, probe.HTTPGet)
				}
			}
			for _, spread := range d.Spec.Template.Spec.TopologySpreadConstraints {
				if len(spread.LabelSelector.MatchLabels) == 0 || !within(spread.LabelSelector.MatchLabels, d.Spec.Template.Labels) {
					t.Errorf("%s is spread by %v", d.Name, spread.LabelSelector)
				}
			}
			component := strings.TrimSuffix(d.Name, "-service")
			if pod := d.Spec.Template.Spec; pod.Volumes[0].Secret.SecretName != "orderly-"+component ||
				!strings.HasPrefix(c.Image, "orderly-"+component+":") || pod.InitContainers[0].Args[3] != component {
				t.Errorf("%s has the secret %s, the image %s, and migrates %v", d.Name, pod.Volumes[0].Secret.SecretName, c.Image, pod.InitContainers[0].Args)
			}
		}
	})
}

func within(some, all map[string]string) bool {
	for k, v := range some {
		if all[k] != v {
			return false
		}
	}
	return len(some) > 0
}

// G8: a pod has the time that a clean stop takes.
func TestPods_have_the_time_to_stop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o overlay) {
		for _, d := range o.Deployments {
			pod := d.Spec.Template.Spec
			c := pod.Containers[0]
			drain, err := time.ParseDuration(o.environment(t, c)["ORDERLY_DRAIN"])
			if err != nil {
				t.Fatal(err)
			}
			unready := time.Duration(c.ReadinessProbe.PeriodSeconds*c.ReadinessProbe.FailureThreshold) * time.Second
			grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
			if need := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + drain + 30*time.Second; grace < need || drain < unready {
				t.Errorf("%s: grace %s, need %s; drain %s, unready after %s", d.Name, grace, need, drain, unready)
			}
		}
	})
}

// The namespace admits restricted pods only; these are.
func TestPods_are_restricted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o overlay) {
		if o.Namespaces[0].Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
			t.Errorf("the namespace: %v", o.Namespaces[0].Labels)
		}
		for _, d := range o.Deployments {
			pod := d.Spec.Template.Spec
			if s := pod.SecurityContext; !*s.RunAsNonRoot || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
				t.Errorf("%s: %+v", d.Name, s)
			}
			for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
				s := c.SecurityContext
				if *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
					t.Errorf("%s of %s: %+v", c.Name, d.Name, s)
				}
				if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
					t.Errorf("%s of %s has no limits", c.Name, d.Name)
				}
			}
		}
		for _, p := range o.Policies {
			if p.Name == "default-deny" && len(p.Spec.PodSelector.MatchLabels)+len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 && len(p.Spec.PolicyTypes) == 2 {
				return
			}
		}
		t.Error("nothing is denied by default")
	})
}

// The Go runtime is told of less than what the container may use.
func TestMemory_limit_of_Go_is_below_the_container_s(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, o overlay) {
		for _, d := range o.Deployments {
			c := d.Spec.Template.Spec.Containers[0]
			var mib int64
			if _, err := fmt.Sscanf(o.environment(t, c)["GOMEMLIMIT"], "%dMiB", &mib); err != nil {
				t.Fatal(err)
			}
			if limit := c.Resources.Limits.Memory().Value(); mib<<20 > limit*9/10 {
				t.Errorf("%s: GOMEMLIMIT is %d MiB of %d", d.Name, mib, limit>>20)
			}
		}
	})
}

// What scales, spreads, watches or leads to a service names one that is there.
func TestNames_agree(t *testing.T) {
	t.Parallel()
	consumers := run(t, "orderly", "topology", "show", "--output", "json")
	each(t, func(t *testing.T, o overlay) {
		for _, s := range o.Scalers {
			if !slices.Contains(names(), s.Spec.ScaleTargetRef.Name) || *s.Spec.MinReplicas < 2 {
				t.Errorf("scales %+v", s.Spec)
			}
		}
		for _, b := range o.Budgets {
			if !slices.ContainsFunc(o.Services, func(s core.Service) bool {
				return b.Spec.Selector != nil && maps.Equal(s.Spec.Selector, b.Spec.Selector.MatchLabels)
			}) {
				t.Errorf("the budget %s is of %v", b.Name, b.Spec.Selector)
			}
		}
		for _, l := range o.Lags {
			if !slices.Contains(names(), l.Spec.ScaleTargetRef.Name) || len(o.Scalers) > 0 {
				t.Errorf("scales %+v beside %d other scalers", l.Spec.ScaleTargetRef, len(o.Scalers))
			}
			for _, trigger := range l.Spec.Triggers {
				if trigger.Type != "nats-jetstream" || !strings.Contains(consumers, `"durable_name": "`+trigger.Metadata["consumer"]+`"`) || !strings.Contains(consumers, `"stream": "`+trigger.Metadata["stream"]+`"`) {
					t.Errorf("%s scales by %v", l.Metadata.Name, trigger.Metadata)
				}
			}
		}
		for _, m := range o.Monitors {
			for _, s := range o.Services {
				if !within(m.Spec.Selector.MatchLabels, s.Labels) || m.Spec.Endpoints[0].Port != s.Spec.Ports[0].Name || m.Spec.Endpoints[0].Path != "/metrics" {
					t.Errorf("%s does not watch %s", m.Name, s.Name)
				}
			}
		}
		for _, i := range o.Ingresses {
			for _, p := range i.Spec.Rules[0].HTTP.Paths {
				if b := p.Backend.Service; !slices.Contains(names(), b.Name) || b.Port.Name != "http" {
					t.Errorf("%s leads to %v", p.Path, b)
				}
			}
		}
	})
}

// What an operator does is behind no public door.
func TestIngress_shows_nothing_of_operators(t *testing.T) {
	t.Parallel()
	const id = "01a22410-f4ad-8656-914f-8f249223b7b4"
	each(t, func(t *testing.T, o overlay) {
		for _, i := range o.Ingresses {
			for path, public := range map[string]bool{
				"/v1/orders": true, "/v1/orders/" + id: true, "/v1/orders/" + id + "/events": true, "/v1/orders/" + id + "/cancel": true,
				"/v1/products/MUG": true, "/v1/payments/" + id: true,
				"/v1/orders/stuck": false, "/v1/orders/" + id + "/actions": false, "/v1/orders/" + id + "/retry": false,
				"/v1/payments/" + id + "/credits": false, "/v1/gateway": false, "/v1/audit/orders": false, "/v1/dead-letters/order": false, "/metrics": false,
			} {
				led := false
				for _, p := range i.Spec.Rules[0].HTTP.Paths {
					switch *p.PathType {
					case "Exact":
						led = led || path == p.Path
					case "Prefix":
						led = led || path == p.Path || strings.HasPrefix(path, p.Path+"/")
					default:
						led = led || regexp.MustCompile("^"+p.Path).MatchString(path)
					}
				}
				if led != public {
					t.Errorf("%s is led to a service: %v, want %v", path, led, public)
				}
			}
		}
	})
}

// NATS as its chart makes it: three, on volumes, with our users.
func TestNATS_is_clustered_on_volumes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manifests + "/nats/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Config struct {
			Cluster struct {
				Enabled  bool
				Replicas int
			}
			JetStream struct {
				Enabled   bool
				FileStore struct {
					Enabled bool
					PVC     struct{ Enabled bool }
				}
				Merge map[string]string
			}
			Merge map[string]any
		}
	}
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	c := v.Config
	if !c.Cluster.Enabled || c.Cluster.Replicas != 3 || !c.JetStream.Enabled || !c.JetStream.FileStore.Enabled || !c.JetStream.FileStore.PVC.Enabled ||
		c.JetStream.Merge["sync_interval"] != "always" || c.Merge["00$include"] == nil {
		t.Errorf("%+v", c)
	}
}
