package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const contractFolder = "../../events"

// copyOf is a copy of the contract that a test may spoil.
func copyOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "events")
	if err := os.CopyFS(dir, os.DirFS(contractFolder)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit replaces text in a file, which must be there.
func edit(t *testing.T, file, before, after string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.ReplaceAll(string(content), before, after)
	if edited == string(content) {
		t.Fatalf("%s has no %q", file, before)
	}
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
}

type shownCheck struct {
	Passed   bool
	Findings []struct {
		Version, State, Against, Verdict string
		Changes                          []struct{ Path, Breaks, Reason string }
		Faults                           []string
	}
}

func TestSchemaCheck_passes_what_is_in_the_repository(t *testing.T) {
	t.Parallel()
	r := orderly(t, "schema", "check", "--dir", contractFolder)
	r.wants(t, 0)
	if !strings.Contains(r.stdout, "passed") {
		t.Error(r.stdout)
	}
}

// A stranger adds a version, and is stopped at each mistake.
func TestSchemaCheck_leads_to_a_second_version(t *testing.T) {
	t.Parallel()
	base, dir := copyOf(t), copyOf(t)
	first := filepath.Join(dir, "schemas", "payments.failed.v1.json")
	second := filepath.Join(dir, "schemas", "payments.failed.v2.json")
	check := func(code int, args ...string) (shown shownCheck) {
		t.Helper()
		r := orderly(t, append([]string{"schema", "check", "--output", "json", "--dir", dir}, args...)...)
		r.wants(t, code)
		decode(t, r, &shown)
		return shown
	}
	faults := func(shown shownCheck) string {
		var all []string
		for _, f := range shown.Findings {
			all = append(all, f.Faults...)
		}
		return strings.Join(all, "\n")
	}

	edit(t, first, "^[a-z0-9_]{1,64}$", "^[a-z0-9_]{1,32}$")
	if got := faults(check(1)); !strings.Contains(got, "put the change into payments.failed.v2") {
		t.Errorf("edited in place: %s", got)
	}
	for _, f := range check(1, "--against", base).Findings {
		if f.Version != "payments.failed.v1" {
			continue
		}
		if f.State != "edited" || f.Verdict != "compatible for readers, breaks writers" || f.Changes[0].Path != "$.code" || f.Changes[0].Breaks != "writers" {
			t.Errorf("edited in place: %+v", f)
		}
	}
	if err := os.Rename(first, second); err != nil {
		t.Fatal(err)
	}
	if got := faults(check(1)); !strings.Contains(got, "schemas/payments.failed.v1.json is gone") {
		t.Errorf("moved: %s", got)
	}
	original, err := os.ReadFile(filepath.Join(base, "schemas", "payments.failed.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first, original, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := faults(check(1)); !strings.Contains(got, "payments.failed.v2.json has no golden payload") || !strings.Contains(got, "run orderly schema publish") {
		t.Errorf("without payload: %s", got)
	}
	orderly(t, "schema", "publish", "--dir", dir).wants(t, 1, "nothing was recorded", "no golden payload")
	payload := []byte(`{"full": {"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "code": "insufficient_funds"}}`)
	if err := os.WriteFile(filepath.Join(dir, "testdata", "payments.failed.v2.json"), payload, 0o600); err != nil {
		t.Fatal(err)
	}
	r := orderly(t, "schema", "publish", "--dir", dir)
	r.wants(t, 0)
	if !strings.Contains(r.stdout, "payments.failed.v2") {
		t.Errorf("published: %s", r.stdout)
	}
	orderly(t, "schema", "publish", "--dir", dir).wants(t, 0)
	if shown := check(0, "--against", base); !shown.Passed {
		t.Errorf("at the end: %+v", shown)
	}
	edit(t, filepath.Join(dir, "published.json"), "payments.failed.v1", "payments.failed.v3")
	if got := faults(check(1, "--against", base)); !strings.Contains(got, "the line of payments.failed.v1 is gone") {
		t.Errorf("the record edited: %s", got)
	}
}

// The record goes along with the files, so a clone without history will do; where
// there is history, what was committed counts.
func TestSchemaCheck_against_a_revision(t *testing.T) {
	t.Parallel()
	dir := copyOf(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = filepath.Dir(dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet", "--initial-branch=trunk")
	git("add", ".")
	git("commit", "--quiet", "--message=one")
	orderly(t, "schema", "check", "--dir", dir, "--against", "trunk").wants(t, 0)
	edit(t, filepath.Join(dir, "testdata", "payments.failed.v1.json"), "order_id", "order")
	orderly(t, "schema", "check", "--dir", dir, "--against", "trunk").wants(t, 1)
	for _, revision := range []string{"nowhere", "HEAD^", "--output=x", "trunk:events"} {
		orderly(t, "schema", "check", "--dir", dir, "--against="+revision).wants(t, 2, "--against "+revision)
	}
	orderly(t, "schema", "check", "--dir", contractFolder, "--against", t.TempDir()).wants(t, 2, "it holds no schemas/")
}

func TestSchema_list_and_show(t *testing.T) {
	t.Parallel()
	var listed []struct {
		Event, Domain, Description string
		Version                    int
	}
	decode(t, orderly(t, "schema", "list", "--output", "json"), &listed)
	if len(listed) < 10 || listed[0].Event != "inventory.committed" || listed[0].Version != 1 || listed[0].Domain != "inventory" || listed[0].Description == "" {
		t.Errorf("%+v", listed)
	}
	want, err := os.ReadFile(filepath.Join(contractFolder, "schemas", "payments.failed.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r := orderly(t, "schema", "show", "payments.failed.v1"); r.stdout != string(want) {
		t.Errorf("shown: %s", r.stdout)
	}
	orderly(t, "schema", "show", "payments.failed").wants(t, 0)
	orderly(t, "schema", "show", "payments.failed.v9").wants(t, 2, "knows no event or version", "payments.failed.v1")
}

func TestSchemaDiff(t *testing.T) {
	t.Parallel()
	file := write(t, "failed.json", "")
	if err := os.WriteFile(file, []byte(orderly(t, "schema", "show", "payments.failed.v1").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, file, `"order_id",`, `"order_id", "charge_id",`)
	r := orderly(t, "schema", "diff", "payments.failed.v1", file)
	r.wants(t, 0)
	for _, want := range []string{"compatible for readers, breaks writers", "$.charge_id", "old writers may leave it out, new readers require it"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("it said %s, want %s", r.stdout, want)
		}
	}
	if r := orderly(t, "schema", "diff", file, file); !strings.Contains(r.stdout, "unchanged") {
		t.Errorf("with itself: %s", r.stdout)
	}
	orderly(t, "schema", "diff", "payments.failed.v1", "nowhere.json").wants(t, 2, "no such file", "knows no event or version nowhere.json")
	orderly(t, "schema", "diff", t.TempDir(), file).wants(t, 2, "it is a folder")
	for words, content := range map[string]string{
		"not JSON":                  `{`,
		"must be an object":         `[]`,
		"leads out of the document": `{"$ref": "/etc/passwd"}`,
		"leads back to itself":      `{"$ref": "#"}`,
		"more than the 1048576":     strings.Repeat(" ", 10<<20),
	} {
		orderly(t, "schema", "diff", "payments.failed.v1", write(t, "bad.json", content)).wants(t, 2, words)
	}
}

func TestSchemaValidate(t *testing.T) {
	t.Parallel()
	const (
		order   = `{"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17"}`
		failed  = `{"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "code": "lost"}`
		bad     = `{"order_id": "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "code": "LOST"}`
		envelop = `"specversion": "1.0", "id": "1", "source": "/a"`
	)
	cloud := func(kind, data string, more ...string) string {
		return `{` + strings.Join(append([]string{envelop, `"type": "orderly.` + kind + `"`, `"data": ` + data}, more...), ", ") + `}`
	}
	for name, test := range map[string]struct {
		content string
		as      string
		code    int
		says    string // on standard output, or if the code is 2 on standard error
	}{
		"a payload":               {failed, "payments.failed.v1", 0, "valid"},
		"a payload of the newest": {failed, "payments.failed", 0, "valid"},
		"an event":                {cloud("payments.failed.v1", failed), "", 0, "orderly.payments.failed.v1 1"},
		"a list of events":        {`[` + cloud("payments.failed.v1", failed) + `, ` + cloud("inventory.released.v1", order) + `]`, "", 0, "inventory.released"},
		"an invalid payload":      {bad, "payments.failed.v1", 1, `code: "LOST" does not match ^[a-z0-9_]{1,64}$`},
		"an invalid event":        {`[` + cloud("payments.failed.v1", failed) + `, ` + cloud("payments.failed.v1", bad) + `]`, "", 1, `code: "LOST" does not match`},
		"no envelope":             {`{"specversion": "1.0", "type": "orderly.payments.failed.v1", "data": ` + failed + `}`, "", 1, "the attribute id is missing"},
		"an unknown version":      {cloud("payments.failed.v7", failed), "", 1, "no contract is registered for it; this build knows"},
		"an unknown event":        {cloud("payments.lost.v1", failed), "", 1, "no contract is registered"},
		"another type":            {cloud("inventory.reserved.v1", failed), "", 1, "payload and type disagree? as "},
		"another type of payload": {failed, "inventory.reserved.v1", 1, "payments.failed.v1"},
		"another schema":          {cloud("payments.failed.v1", failed, `"dataschema": "urn:orderly:schema:payments.failed:v2"`), "", 1, "disagrees with the type"},
		"an event that is none":   {`[1]`, "", 1, "an event must be a JSON object"},
		"no event":                {`[]`, "", 2, "holds no event"},
		"a payload of nothing":    {failed, "", 2, "--as"},
		"a payload of the future": {failed, "payments.failed.v7", 2, "knows no event or version"},
		"no object":               {`7`, "", 2, "both are objects"},
		"not JSON":                {`{"order_id": }`, "", 2, "is not JSON"},
		"nothing":                 {``, "payments.failed", 2, "is not JSON"},
		"far too much":            {strings.Repeat(" ", 17<<20), "payments.failed", 2, "more than the 16777216 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"schema", "validate", write(t, "file.json", test.content)}
			if test.as != "" {
				args = append(args, "--as", test.as)
			}
			r := orderly(t, args...)
			said := r.stdout
			if test.code == 2 {
				said = r.stderr
			}
			if r.code != test.code || !strings.Contains(said, test.says) {
				t.Errorf("exit code %d, want %d; it said %q and %q, want ...%s...", r.code, test.code, r.stdout, r.stderr, test.says)
			}
			if test.code == 2 && r.stdout != "" {
				t.Errorf("it was used wrongly and printed %q", r.stdout)
			}
		})
	}
	orderly(t, "schema", "validate", "/nonexistent.json").wants(t, 2, "cannot be read")
}
