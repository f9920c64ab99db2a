package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "orderly/"

var services = []string{"order", "inventory", "payment"}

type listed struct {
	ImportPath string
	Imports    []string
}

// TestImportLaw looks at every package's own imports.
func TestImportLaw(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "orderly/...") {
		from, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		for _, imported := range p.Imports {
			if why := forbidden(from, imported); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
	}
}

func forbidden(from, imported string) string {
	to, ours := strings.CutPrefix(imported, module)
	thirdParty := !ours && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	top := strings.SplitN(from, "/", 2)[0]
	switch {
	case from == "events" && (ours || thirdParty):
		return "the contract uses the standard library only, so that anyone can take it over"
	case isService(from) && (thirdParty || ours && to != "events"):
		return "a domain uses the standard library and the events only"
	case top == "pkg" && ours && !strings.HasPrefix(to, "pkg/") && !testHelper(to):
		return "the kit knows nothing of what is built with it"
	case isService(top) && ours && isService(strings.SplitN(to, "/", 2)[0]) && !strings.HasPrefix(to, top):
		return "services never import each other"
	case isService(top) && strings.HasPrefix(to, "internal/app"):
		return "services do not know how they are put together"
	}
	return ""
}

func isService(p string) bool {
	for _, s := range services {
		if p == s {
			return true
		}
	}
	return false
}

// testHelper reports packages that only tests import.
func testHelper(p string) bool { return p == "internal/pgtest" }

// TestServicesLinkNoEngines: what runs apart in production brings no broker, no
// embedded database and no gRPC along, and one service nothing of another.
func TestServicesLinkNoEngines(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		main := module + "cmd/" + s + "-service"
		for _, p := range list(t, "-deps", main) {
			for _, unwanted := range []string{"github.com/nats-io/nats-server", "modernc.org/sqlite", "google.golang.org/grpc"} {
				if strings.HasPrefix(p.ImportPath, unwanted) {
					t.Errorf("%s links %s", main, p.ImportPath)
				}
			}
		}
	}
}

// TestKitStandsAlone: an importer of one database's driver does not get the
// other's, and nobody the exporter of traces who did not ask for it.
func TestKitStandsAlone(t *testing.T) {
	t.Parallel()
	const exporter = "go.opentelemetry.io/otel/sdk"
	for pkg, unwanted := range map[string][]string{
		"pkg/sqldb/postgres": {"modernc.org/"},
		"pkg/sqldb/sqlite":   {"github.com/jackc/"},
		"pkg/natsbus":        {"github.com/nats-io/nats-server"},
		"pkg/engine":         {"github.com/nats-io/nats-server", exporter},
		"pkg/httpkit":        {exporter},
	} {
		for _, p := range list(t, "-deps", module+pkg) {
			for _, prefix := range unwanted {
				if strings.HasPrefix(p.ImportPath, prefix) {
					t.Errorf("%s links %s", pkg, p.ImportPath)
				}
			}
		}
	}
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = path.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("go list %v: %s", args, failed.Stderr)
		}
		t.Fatal(err)
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
