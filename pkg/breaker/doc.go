// Package breaker stands before calls to something outside that may be away. It
// counts failures in a row; after a few it is open: no call is made, those that
// wait spend nothing, and now and then a few of them may probe. Once all probes of
// a round have succeeded it closes, and those who wait come back one after the
// other.
//
// The states are those of sony/gobreaker. What is added is the waiting: nobody is
// refused.
package breaker
