// Package discovery announces services to NATS's service framework and finds those
// that run: whoever runs answers $SRV.PING, $SRV.INFO and $SRV.STATS, by the usual
// tools of NATS too, and who is dead does not.
//
// A service answers requests at its endpoints: JSON in, JSON out, and an error as
// the framework has it, with a code like HTTP's.
package discovery
