// Package fleet rolls two replicas of each service, on PostgreSQL and a broker of
// their own, from one set of versions of orders.created to another and back while
// orders come in, in orders that no guide would recommend. It holds G7: no order
// is lost or handled twice, no attempt is burnt, nothing is dead-lettered, and what
// one side accepted the other shows, announces again and cancels.
//
// The older side is this build with version 2 switched off; `make test-upgrade` does
// the same with processes and the programs of an older revision.
package fleet
