// Package storetest holds what the tests of the services' stores have in
// common: they prove the same promises of different tables.
//
// A test hands in its [Service] and gets a [Database] of its own, once on
// SQLite and once on PostgreSQL. On it runs any number of [Replica], each of
// which decides batches of inputs as the engine does, without a broker:
//
//	service.OnEach(t, func(t *testing.T, d storetest.Database) {
//		r := d.Replica(t)
//		a := r.Tell(t, reserved(1))
//		storetest.Want(t, "says", a.Says(), "[payments.captured]")
//	})
//
// Three things that are hard to meet by chance are made to happen: two replicas
// whose transactions interleave in every possible way ([Service.OnEverySchedule],
// [InCircle]), a COMMIT whose answer is lost ([Spy]), and tables large enough
// for a missing index to show ([Database.Fill], [Database.WantPlans]).
//
// A package that uses it has the TestMain that package pgtest asks for.
package storetest
