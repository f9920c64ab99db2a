// Package archtest holds the test that keeps the import law: which package may
// use which. A wrong arrow is a red build.
package archtest
