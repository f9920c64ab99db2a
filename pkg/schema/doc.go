// Package schema compares two versions of a JSON Schema: may a fleet that
// writes one be read by a fleet that reads the other?
//
// [Parse] reads a schema of draft 2020-12 and refuses what cannot be compared:
// a keyword that it does not know, a reference that leads out of the document
// or back to itself, a document that is too large. [Compare] lists what
// changed, where, and whom it breaks:
//
//   - it breaks readers, if a reader of the old version may refuse what a
//     writer of the new one writes;
//   - it breaks writers, if a reader of the new version may refuse, or no longer
//     hears, what a writer of the old one writes.
//
// It assumes what holds wherever schemas have versions: a writer writes only
// members that its schema names, and a reader ignores members that its schema
// does not name, unless additionalProperties says otherwise. So an optional
// member that is added breaks nobody, although an old writer could in theory
// have used the name.
//
// What it cannot decide it reports as broken, never as compatible: two patterns
// that differ are compared if both are ^[class]{m,n}$, else either may match
// what the other does not.
//
// The package knows neither events nor files.
package schema
