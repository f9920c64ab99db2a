// Package events is the contract between the services: the payload of every event, its JSON Schema, and the checks that
// keep the two together. It imports the standard library only, so that anyone can take it.
//
// The files in schemas/ are the source: the structs, their Validate methods and their decoders are generated from
// them. A sender fills a struct, calls Validate and encodes with encoding/json; a receiver looks the name and version
// up in Catalog and calls Decode, which reads and checks. Both keep to every word of the schema without interpreting it
// at run time.
//
// A schema that was published never changes, nor does a golden payload in testdata/: published.json holds their digests,
// and `orderly schema check` compares. A change is a new version in a file of its own, with a Go type of its own, side by
// side with the old one. Readers ignore members that they do not know.
//
// Amounts are integers in the minor units of an ISO 4217 currency, at most 2^53-1 so that every JSON reader keeps them
// exact. Ids never hold a dot, a wildcard or a control character.
package events

//go:generate go run orderly/internal/schemagen . ../docs/events.md
