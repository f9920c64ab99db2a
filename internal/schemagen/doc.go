// Command schemagen writes the Go side of the contract from its JSON Schemas: for each <name>.v<n>.json the struct, its
// Validate method and its reader, and for all of them the catalogue and the tables of docs/events.md.
//
//	go run orderly/internal/schemagen <package folder> <page>
//
// The schemas lie in the folder's schemas/, published.json says which are retired, the files are written beside it as <owner>_gen.go, catalog_gen.go and
// patterns_gen.go. The titles and descriptions of the schemas become names, doc comments and the words of the tables.
//
// Of versions of one event the catalogue names the functions that turn one into the next and back, as
// UpgradeOrderCreated and DowngradeOrderCreatedV2: they are written by hand, beside the generated files.
//
// It knows the part of draft 2020-12 that the contract uses and refuses the rest, so that no keyword is ever silently
// unchecked: every integer is bounded, every string has one of format, pattern, enum or maxLength, every list has
// minItems and maxItems, and what is optional can be told from its zero value.
package main
