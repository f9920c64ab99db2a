package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	gate "orderly/internal/contract"
	jsonschema "orderly/pkg/schema"
)

// contract is one version of one event: a schema and what its file name says.
type contract struct {
	File    string // "orders.created.v1.json"
	Name    string // "orders.created"
	Version int
	Schema  *schema
	Retired bool
}

// owner is the domain that publishes the event.
func (c contract) owner() string {
	owner, _, _ := strings.Cut(c.Name, ".")
	return owner
}

// goType is the name of the Go type of a schema of this contract. The first version has the plain name, so that adding
// a second renames nothing.
func (c contract) goType(s *schema) string {
	if c.Version == 1 {
		return goName(s.Title)
	}
	return goName(s.Title) + "V" + strconv.Itoa(c.Version)
}

// loadAll reads a folder with schemas/ and the record of what was published, which says what is retired.
func loadAll(folder fs.FS) ([]contract, error) {
	schemas, err := fs.Sub(folder, "schemas")
	if err != nil {
		return nil, err
	}
	contracts, err := load(schemas)
	if err != nil {
		return nil, err
	}
	state, err := gate.Load(folder)
	if err != nil {
		return nil, err
	}
	for i, c := range contracts {
		contracts[i].Retired = state.Record[gate.Version{Name: c.Name, Number: c.Version}].Retired
	}
	return contracts, nil
}

// load reads all schemas of a folder, ordered by name and version.
func load(folder fs.FS) ([]contract, error) {
	files, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list schemas: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no schema to generate from")
	}
	var contracts []contract
	for _, file := range files {
		c, err := loadOne(folder, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		contracts = append(contracts, c)
	}
	slices.SortFunc(contracts, func(a, b contract) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return contracts, nil
}

func loadOne(folder fs.FS, file string) (contract, error) {
	named, err := gate.ParseFile(file)
	if err != nil {
		return contract{}, err
	}
	content, err := fs.ReadFile(folder, file)
	if err != nil {
		return contract{}, err
	}
	if _, err := jsonschema.Parse(content); err != nil { // too large, too deep, or leading out of itself
		return contract{}, err
	}
	root, err := parseSchema(content)
	if err != nil {
		return contract{}, err
	}
	c := contract{File: file, Name: named.Name, Version: named.Number, Schema: root}
	return c, c.check()
}

func (c contract) check() error {
	const dialect = "https://json-schema.org/draft/2020-12/schema"
	if c.Schema.Dialect != dialect {
		return fmt.Errorf("$schema must be %s", dialect)
	}
	if want := fmt.Sprintf("urn:orderly:schema:%s:v%d", c.Name, c.Version); c.Schema.ID != want {
		return fmt.Errorf("$id must be %s", want)
	}
	if !c.Schema.isStruct() {
		return fmt.Errorf("the payload must be an object with properties")
	}
	for _, p := range c.Schema.Properties {
		if p.Name == "order_id" && p.Required && p.Schema.Type == "string" {
			return c.Schema.check("")
		}
	}
	return fmt.Errorf("the payload must have a required string order_id")
}
