package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"orderly/pkg/schema"
)

// What is in the repository passes its own gate. A file that was published and
// then edited turns this red, in any clone.
func TestG7_what_was_published_is_as_it_was(t *testing.T) {
	t.Parallel()
	f, err := Load(os.DirFS("../../events"))
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range Check(f, nil) {
		for _, fault := range finding.Faults {
			t.Error(fault)
		}
	}
}

const (
	textMember = `{"type": "string"}`
	payload    = `{"full": {"x": "a"}}`
)

func document(x string, more ...string) string {
	return `{"type": "object", "properties": {"x": ` + x + `}` + strings.Join(append([]string{""}, more...), ", ") + `}`
}

// files is a folder in the making.
type files map[string]string

func (f files) with(name, content string) files {
	out := maps.Clone(f)
	if content == "" {
		delete(out, name)
	} else {
		out[name] = content
	}
	return out
}

func (f files) load(t *testing.T) Folder {
	t.Helper()
	folder, err := Load(f.fs())
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func (f files) fs() fstest.MapFS {
	folder := fstest.MapFS{}
	for name, content := range f {
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return folder
}

// publish is the folder with all of it recorded.
func (f files) publish(t *testing.T) files {
	t.Helper()
	record, _, err := Publish(f.load(t))
	if err != nil {
		t.Fatal(err)
	}
	content, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return f.with(RecordFile, string(content))
}

// shop is a folder with one published version.
func shop(t *testing.T) files {
	t.Helper()
	return files{"schemas/a.b.v1.json": document(textMember), "testdata/a.b.v1.json": payload}.publish(t)
}

func TestCheck_refuses_each_mistake(t *testing.T) {
	t.Parallel()
	base := shop(t)
	second := base.with("schemas/a.b.v2.json", document(textMember)).with("testdata/a.b.v2.json", payload)
	third := base.with("schemas/a.b.v3.json", document(textMember)).with("testdata/a.b.v3.json", payload)
	recordBoth := second.publish(t)
	for name, test := range map[string]struct {
		now   files
		older *files // nil: the record alone
		want  string
	}{
		"a schema edited in place":           {base.with("schemas/a.b.v1.json", document(textMember)+"\n"), nil, "schemas/a.b.v1.json was edited after it was published: restore it, and put the change into a.b.v2"},
		"a schema gone":                      {second.with("schemas/a.b.v1.json", ""), nil, "a.b.v1 was published, and schemas/a.b.v1.json is gone"},
		"a golden payload edited":            {base.with("testdata/a.b.v1.json", `{"full": {"x": "b"}}`), nil, `the golden payload "full" was edited`},
		"a golden payload gone":              {base.with("testdata/a.b.v1.json", `{"other": {"x": "a"}}`), nil, `the golden payload "full" was published and is gone`},
		"a golden payload not recorded":      {base.with("testdata/a.b.v1.json", `{"full": {"x": "a"}, "new": {}}`), nil, `"new" is not recorded`},
		"a version not recorded":             {second, nil, "a.b.v2 is not recorded as published: run orderly schema publish"},
		"no record at all":                   {base.with(RecordFile, ""), nil, "a.b.v1 is not recorded"},
		"a version without payload":          {base.with("schemas/a.b.v2.json", document(textMember)), nil, "testdata/a.b.v2.json has no golden payload"},
		"a version skipped":                  {third, nil, "a.b.v3 skips v2"},
		"a version skipped, and recorded":    {recordAll(t, third), &base, "a.b.v3 skips v2"},
		"a version that goes backwards":      {recordBoth.with("schemas/a.b.v1.json", ""), &recordBoth, "is gone"},
		"no schema":                          {base.with("schemas/a.b.v2.json", `[]`), nil, "schemas/a.b.v2.json: not a schema that can be compared: $: a schema must be an object"},
		"a reference to a file outside":      {base.with("schemas/a.b.v2.json", document(`{"$ref": "../../secret.json"}`)), nil, "leads out of the document"},
		"recursion without end":              {base.with("schemas/a.b.v2.json", document(`{"$ref": "#"}`)), nil, "leads back to itself"},
		"edited together with the record":    {recordAll(t, base.with("schemas/a.b.v1.json", document(`{"type": "integer"}`))), &base, "was edited after it was published"},
		"the record changed":                 {recordAll(t, base.with("schemas/a.b.v1.json", document(`{"type": "integer"}`))), &base, "published.json: the line of a.b.v1 was changed"},
		"a payload edited with the record":   {recordAll(t, base.with("testdata/a.b.v1.json", `{"full": {"x": "b"}}`)), &base, `"full" was edited`},
		"the record cut":                     {base.with(RecordFile, "{}"), &base, "published.json: the line of a.b.v1 is gone"},
		"removed together with the record":   {second.with("schemas/a.b.v1.json", "").with(RecordFile, "{}"), &base, "a.b.v1 was published, and schemas/a.b.v1.json is gone"},
		"edited since a folder of no record": {recordAll(t, base.with("schemas/a.b.v1.json", document(`{"type": "integer"}`))), new(base.with(RecordFile, "")), "was edited after it was published"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := check(t, test.now, test.older)
			if !Failed(findings) {
				t.Error("it passed")
			}
			if got := faults(findings); !strings.Contains(got, test.want) {
				t.Errorf("faults:\n%s\nwant ...%s...", got, test.want)
			}
		})
	}
}

// recordAll forges the record of a folder.
func recordAll(t *testing.T, f files) files {
	t.Helper()
	content, err := recordOf(f.load(t).Entries).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return f.with(RecordFile, string(content))
}

func check(t *testing.T, now files, older *files) []Finding {
	t.Helper()
	if older == nil {
		return Check(now.load(t), nil)
	}
	base := older.load(t)
	return Check(now.load(t), &base)
}

func faults(findings []Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Faults...)
	}
	return strings.Join(all, "\n")
}

func TestCheck_a_new_version_passes_and_is_compared_with_the_one_before(t *testing.T) {
	t.Parallel()
	base := shop(t)
	for x, want := range map[string]schema.Verdict{
		textMember:                           schema.Unchanged,
		`{"type": "integer"}`:                schema.Breaking,
		`{"type": "string", "maxLength": 9}`: schema.ForReaders,
		`{}`:                                 schema.ForWriters,
	} {
		second := base.with("schemas/a.b.v2.json", document(x)).with("testdata/a.b.v2.json", payload).publish(t)
		findings := check(t, second, &base)
		if len(findings) != 2 || Failed(findings) {
			t.Fatalf("%s: %+v", x, findings)
		}
		if f := findings[1]; f.State != Added || f.Against != "a.b.v1" || f.Verdict != want {
			t.Errorf("%s: %+v, want %s", x, f, want)
		}
		if f := findings[0]; f.State != Unchanged || len(f.Changes) > 0 {
			t.Errorf("the first version: %+v", f)
		}
	}
}

func TestCheck_says_how_a_published_schema_was_edited(t *testing.T) {
	t.Parallel()
	base := shop(t)
	findings := check(t, base.with("schemas/a.b.v1.json", document(`{"type": "integer"}`)), &base)
	if f := findings[0]; f.State != Edited || f.Verdict != schema.Breaking || f.Changes[0].Path != "$.x" || !Failed(findings) {
		t.Errorf("%+v", f)
	}
}

// What is not published yet is its author's to change and to drop.
func TestCheck_lets_a_draft_change(t *testing.T) {
	t.Parallel()
	base := shop(t)
	draft := base.with("schemas/a.b.v2.json", document(textMember)).with("testdata/a.b.v2.json", payload)
	edited := base.with("schemas/a.b.v2.json", document(`{"type": "integer"}`)).with("testdata/a.b.v2.json", payload).publish(t)
	findings := check(t, edited, &draft)
	if Failed(findings) || findings[1].State != Edited || findings[1].Verdict != schema.Breaking {
		t.Errorf("edited: %+v", findings)
	}
	if findings := check(t, base, &draft); Failed(findings) || findings[1].State != Removed {
		t.Errorf("dropped: %+v", findings)
	}
}

// A payload may be written in other lines, and others may be added beside it.
func TestCheck_knows_a_golden_payload_by_its_content(t *testing.T) {
	t.Parallel()
	base := shop(t)
	now := base.with("testdata/a.b.v1.json", "{\n\"more\": {},\n \"full\": {\n\"x\": \"a\"}\n}\n").publish(t)
	if findings := check(t, now, &base); Failed(findings) {
		t.Errorf("%s", faults(findings))
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	base := shop(t)
	now := base.with("testdata/a.b.v1.json", `{"full": {"x": "a"}, "new": {}}`).
		with("schemas/a.b.v2.json", document(textMember)).with("testdata/a.b.v2.json", payload)
	record, added, err := Publish(now.load(t))
	if err != nil || !slices.Equal(added, []string{"a.b.v1 new", "a.b.v2"}) || len(record) != 2 {
		t.Errorf("record %v, added %v, error %v", record, added, err)
	}
	if _, added, err := Publish(now.publish(t).load(t)); err != nil || len(added) > 0 {
		t.Errorf("again: added %v, error %v", added, err)
	}
	bad := now.with("schemas/a.b.v1.json", document(`{}`)).with("schemas/a.b.v4.json", document(`{}`))
	_, _, err = Publish(bad.load(t))
	if err == nil {
		t.Fatal("it recorded what was edited")
	}
	for _, want := range []string{"nothing was recorded", "a.b.v1.json was edited", "a.b.v4 skips v3", "a.b.v4.json has no golden payload"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ...%s...", err, want)
		}
	}
}

func TestPublish_refuses_a_version_that_goes_backwards(t *testing.T) {
	t.Parallel()
	record := Record{{Name: "a.b", Number: 2}: publishedOf(Entry{Schema: []byte(document(textMember)), Payloads: map[string]json.RawMessage{"full": []byte(`{"x":"a"}`)}})}
	content, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := files{"schemas/a.b.v1.json": document(textMember), "testdata/a.b.v1.json": payload,
		"schemas/a.b.v2.json": document(textMember), "testdata/a.b.v2.json": payload, RecordFile: string(content)}
	if _, _, err := Publish(f.load(t)); err == nil || !strings.Contains(err.Error(), "a.b.v1 goes backwards: v2 is published already, so a new version is v3") {
		t.Errorf("got %v", err)
	}
}

func TestLoad_refuses(t *testing.T) {
	t.Parallel()
	base := shop(t)
	for name, test := range map[string]struct {
		f    files
		want string
	}{
		"nothing":                {files{}, "it holds no schemas/"},
		"a file of another name": {base.with("schemas/readme.txt", "x"), "schemas/readme.txt: the file name must be"},
		"version 0":              {base.with("schemas/a.b.v0.json", "{}"), "schemas/a.b.v0.json: the file name must be"},
		"a huge version":         {base.with("schemas/a.b.v99999999999999999999.json", "{}"), "the file name must be"},
		"a schema of 10 MB":      {base.with("schemas/a.b.v2.json", strings.Repeat(" ", 10<<20)), "schemas/a.b.v2.json has more than the 1048576 bytes"},
		"payloads in a list":     {base.with("testdata/a.b.v1.json", `[]`), "testdata/a.b.v1.json: golden payloads must be an object"},
		"a record that is none":  {base.with(RecordFile, `[]`), "published.json: it is no record"},
		"a record of more":       {base.with(RecordFile, `{"a.b.v1": {"schemas": 1}}`), "published.json: it is no record"},
		"a record of nonsense":   {base.with(RecordFile, `{"a.b": {}}`), `published.json: "a.b" is no version`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(test.f.fs()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ...%s...", err, test.want)
			}
		})
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"a.b.v1": {"schema": "sha256:00", "payloads": {"full": "sha256:01"}}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := parseRecord(content)
		if err != nil {
			return
		}
		encoded, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseRecord(encoded)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(r) {
			t.Errorf("%s reads as %v, %v, want %v", encoded, again, err, r)
		}
	})
}

// Two versions may be in use at a time, and the newest always is.
func TestCheck_keeps_two_versions_in_use(t *testing.T) {
	t.Parallel()
	f := files{}
	for n := 1; n <= 3; n++ {
		f = f.with(fmt.Sprintf("schemas/a.b.v%d.json", n), document(textMember)).with(fmt.Sprintf("testdata/a.b.v%d.json", n), payload)
	}
	state := f.load(t)
	state.Record = recordOf(state.Entries)
	faults := func() string {
		var all []string
		for _, finding := range Check(state, nil) {
			all = append(all, finding.Faults...)
		}
		return strings.Join(all, "\n")
	}
	if got := faults(); got != "a.b.v3 would be version 3 in use: retire a.b.v1 first, since records are kept for two" {
		t.Errorf("three in use: %s", got)
	}
	if _, err := Retire(state, Version{"a.b", 2}); err == nil || !strings.Contains(err.Error(), "a.b.v1 is older and in use") {
		t.Errorf("the middle one is retired: %v", err)
	}
	if _, err := Retire(state, Version{"a.b", 3}); err == nil || !strings.Contains(err.Error(), "newest version in use") {
		t.Errorf("the newest is retired: %v", err)
	}
	var err error
	for range 2 { // a second time changes nothing
		if state.Record, err = Retire(state, Version{"a.b", 1}); err != nil {
			t.Fatal(err)
		}
	}
	if got := faults(); got != "" {
		t.Errorf("with the first retired: %s", got)
	}
	for n := 2; n <= 3; n++ {
		line := state.Record[Version{"a.b", n}]
		line.Retired = true
		state.Record[Version{"a.b", n}] = line
	}
	if got := faults(); !strings.Contains(got, "all versions of a.b are retired") {
		t.Errorf("all retired: %s", got)
	}
}
