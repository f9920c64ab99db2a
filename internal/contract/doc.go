// Package contract is the gate that every change of an event's schema passes.
//
// A [Folder] is what lies in events/: schemas/<name>.v<n>.json, golden payloads
// in testdata/<name>.v<n>.json, and the [Record] of what was published in
// published.json. What the record lists never changes again: [Check] finds a
// published schema or payload that was edited, is gone, or was never recorded,
// from the files alone; compared with an older folder it says as well what
// changed in between, whom it breaks, and whether the record itself was cut.
// [Publish] is the one way into the record.
package contract
