package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"orderly/events"
	"orderly/internal/contract"
	"orderly/pkg/schema"
)

// schemaCommands work with the contract. Only Readers and Retire ask a running
// system.
type schemaCommands struct {
	List     schemaListCommand     `cmd:"" help:"List all versions of all events that this build knows."`
	Show     schemaShowCommand     `cmd:"" help:"Print a schema that this build knows."`
	Validate schemaValidateCommand `cmd:"" help:"Check a payload or CloudEvents in a file against the schemas of this build; ends with 1 if one is invalid."`
	Diff     schemaDiffCommand     `cmd:"" help:"Compare two schemas: whom does the change break, where and why?"`
	Check    schemaCheckCommand    `cmd:"" help:"Judge a folder of schemas by what was published; ends with 1 if it must not go in."`
	Readers  schemaReadersCommand  `cmd:"" help:"Show who reads which version of an event in a running system."`
	Retire   schemaRetireCommand   `cmd:"" help:"Retire a version that nobody needs any more; ends with 4 and the reasons if somebody does."`
	Publish  schemaPublishCommand  `cmd:"" help:"Record the new schemas and golden payloads of a folder as published: from then on they never change."`
}

// contractFlags say which folder.
type contractFlags struct {
	Dir string `help:"Folder with schemas/, testdata/ and published.json (default: ${default})." default:"events" placeholder:"DIR"`
}

func (f contractFlags) load() (contract.Folder, error) {
	folder, err := contract.Load(os.DirFS(f.Dir))
	if err != nil {
		return folder, usage("%s is no folder of schemas: %w", f.Dir, err)
	}
	return folder, nil
}

// knownSchema finds a schema of this build: of "orders.created" the newest.
func knownSchema(name string) (events.Version, error) {
	var found *events.Version
	catalog := events.Catalog()
	for i, v := range catalog {
		if name == v.Name || name == versionName(v) {
			found = &catalog[i] // they are ordered by version
		}
	}
	if found == nil {
		return events.Version{}, usage("this build knows no event or version %s; it knows %s", name, strings.Join(knownNames(), ", "))
	}
	return *found, nil
}

func knownNames() []string {
	var names []string
	for _, v := range events.Catalog() {
		names = append(names, versionName(v))
	}
	slices.Sort(names)
	return names
}

func versionName(v events.Version) string {
	return contract.Version{Name: v.Name, Number: v.Version}.String()
}

// readAll reads a file that the user named.
func readAll(path string, most int64) ([]byte, error) {
	f, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, usage("%s cannot be read: %w", path, withoutPath(err))
	}
	if int64(len(content)) > most {
		return nil, usage("%s has more than the %d bytes that it may have", path, most)
	}
	return content, nil
}

// changesText prints what differs, a line each.
func changesText(w io.Writer, indent string, changes schema.Changes) {
	for _, c := range changes {
		breaks := "breaks nobody"
		if c.Breaks != "" {
			breaks = fmt.Sprintf("breaks %s", c.Breaks)
		}
		fmt.Fprintf(w, "%s%s\t%s\t%s\n", indent, c.Path, breaks, c.Reason)
	}
}
