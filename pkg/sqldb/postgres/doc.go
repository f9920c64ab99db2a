// Package postgres opens a PostgreSQL database as a [sqldb.DB].
//
// It speaks to the server through pgx's database/sql driver and sets what a
// service needs on each connection: UTC, READ COMMITTED, a limit on idle
// transactions, and plans for writing that stay with the indexes however large
// the tables grow. These are start parameters, so connect directly or through a
// pooler that keeps sessions; what the DSN sets itself is left alone. For a
// cluster with standbys add target_session_attrs=read-write to the DSN.
package postgres
