// Package app is where the services are put together: configuration, streams
// and consumers, databases, HTTP. One short file a service shows what it hears
// and what it needs; everything else here serves all of them.
//
// Package allinone, below, runs all services with a broker and databases of
// their own in one process. This package links neither.
package app
