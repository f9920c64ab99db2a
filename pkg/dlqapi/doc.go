// Package dlqapi is the HTTP API of dead letters, for an operator's tools:
//
//	GET  /v1/dead-letters/{service}             a page of them, filtered, the oldest first
//	GET  /v1/dead-letters/{service}/{id}        one, with its message, attempts and what was done about it
//	POST /v1/dead-letters/{service}/replay      decide some again, or rehearse that
//	POST /v1/dead-letters/{service}/discard     give some up, for a reason
//	POST /v1/dead-letters/{service}/republish   publish all that are dead once more
//
// The service is in the path, so that what stands in front of services that run
// apart finds the right one. A write may be repeated: what was done already is
// told, and not done again.
package dlqapi
