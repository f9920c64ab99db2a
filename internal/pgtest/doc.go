// Package pgtest gives tests a real PostgreSQL: one private server for the test
// process, started when the first test asks and stopped when the last is done,
// and a fresh database for each call of [DSN].
//
// A package that uses it has a TestMain:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// [Private] and [WithStandby] start servers of a test's own, which it may break.
//
// A server listens on a socket in a directory of its own, and on a port only if
// it has a password. It does not sync its files; everything else is as in
// production. Where PostgreSQL is not installed the tests are skipped, or fail if
// the environment has CI=true or ORDERLY_REQUIRE_POSTGRES=1.
package pgtest
