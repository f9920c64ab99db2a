// Package event is the envelope that events travel in: CloudEvents 1.0 on
// NATS, one by one or in packs.
//
// A [Registry] holds the contracts of all events a program knows. It is both
// doors: [Registry.Seal] checks and encodes what goes out, [Registry.Open]
// decodes and checks what comes in, each exactly once. [Registry.Pack] turns
// sealed events into messages:
//
//   - an event alone travels in binary mode: its attributes are message
//     headers (ce-id, ce-type, ...), its payload is the message's data;
//   - several events for one subject travel as a CloudEvents JSON batch, so
//     that a busy sender pays for one message instead of hundreds.
//
// Open reads both, and single structured events from other senders. Trouble
// with one event of a pack is reported for that event alone.
//
// Versions of one event live side by side while a fleet moves from one to the
// next. A program is written for the newest: what it hears in an older version is
// brought up to it, what it says in an older one is taken down. Both carry the
// same id, so that whoever hears both knows them for one event. [Registry.Record]
// keeps an event so that a program which knows only the older version reads it.
//
// The package knows neither a broker client nor any particular event.
package event
