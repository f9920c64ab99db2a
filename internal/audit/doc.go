// Package audit is what a service shows of its state so that an auditor outside
// can check it: the records, and how they travel. A feed is newline-delimited
// JSON, one [Line] each: first a head, then records, then an end that counts
// them, so that a feed that was cut is never taken for a complete one.
//
// The records repeat what is stored and judge nothing.
package audit
