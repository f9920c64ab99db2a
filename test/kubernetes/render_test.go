package kubernetes

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const manifests = "../../deploy/kubernetes"

// overlay is what kustomize makes of a folder, as the API's own types.
type overlay struct {
	Deployments []apps.Deployment
	Services    []core.Service
	Configs     []core.ConfigMap
	Namespaces  []core.Namespace
	Policies    []networking.NetworkPolicy
	Ingresses   []networking.Ingress
	Budgets     []policy.PodDisruptionBudget
	Scalers     []autoscaling.HorizontalPodAutoscaler
	Lags        []scaledObject
	Monitors    []monitoring.ServiceMonitor
	Rules       []monitoring.PrometheusRule
}

// scaledObject is as much of KEDA's type as we use: its own module drags in a
// whole operator.
type scaledObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name, Namespace string
		Labels          map[string]string
	} `json:"metadata"`
	Spec struct {
		ScaleTargetRef  struct{ Name string } `json:"scaleTargetRef"`
		MinReplicaCount int                   `json:"minReplicaCount"`
		MaxReplicaCount int                   `json:"maxReplicaCount"`
		CooldownPeriod  int                   `json:"cooldownPeriod"`
		Triggers        []struct {
			Type     string            `json:"type"`
			Metadata map[string]string `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

// render builds a folder and decodes all of it; what no type knows fails the test.
func render(t *testing.T, folder string) overlay {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(manifests, folder))
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	var o overlay
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		if err := o.decode(head.APIVersion+" "+head.Kind, document); err != nil {
			t.Errorf("%s: %v\n%s", folder, err, document)
		}
	}
	slices.SortFunc(o.Deployments, func(a, b apps.Deployment) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Services, func(a, b core.Service) int { return strings.Compare(a.Name, b.Name) })
	return o
}

func (o *overlay) decode(kind string, document []byte) error {
	switch kind {
	case "apps/v1 Deployment":
		return add(&o.Deployments, document)
	case "v1 Service":
		return add(&o.Services, document)
	case "v1 ConfigMap":
		return add(&o.Configs, document)
	case "v1 Namespace":
		return add(&o.Namespaces, document)
	case "networking.k8s.io/v1 NetworkPolicy":
		return add(&o.Policies, document)
	case "networking.k8s.io/v1 Ingress":
		return add(&o.Ingresses, document)
	case "policy/v1 PodDisruptionBudget":
		return add(&o.Budgets, document)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return add(&o.Scalers, document)
	case "keda.sh/v1alpha1 ScaledObject":
		return add(&o.Lags, document)
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return add(&o.Monitors, document)
	case "monitoring.coreos.com/v1 PrometheusRule":
		return add(&o.Rules, document)
	}
	return &unknownKind{kind}
}

type unknownKind struct{ kind string }

func (u *unknownKind) Error() string { return "no type for " + u.kind }

func add[T any](to *[]T, document []byte) error {
	var one T
	if err := yaml.UnmarshalStrict(document, &one); err != nil {
		return err
	}
	*to = append(*to, one)
	return nil
}

// folders are those that an operator applies.
func folders(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(filepath.Join(manifests, "overlays"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "kustomization.yaml" {
			all = append(all, strings.TrimPrefix(filepath.Dir(path), filepath.Clean(manifests)+"/"))
		}
		return err
	})
	if err != nil || len(all) < 3 {
		t.Fatalf("%v, %v", all, err)
	}
	return all
}
