// Package sqlite opens an SQLite file as a [sqldb.DB].
//
// The file is in WAL mode and each commit is on disk when it returns, unless
// [Options] says otherwise. One connection writes, a few read beside it. Other
// processes may read the file, but only one should write.
package sqlite
