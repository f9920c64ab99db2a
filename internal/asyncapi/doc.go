// Package asyncapi describes the events as an AsyncAPI 3.0 document: a channel
// for each version of each event, who says it, who hears it, and the messages
// that it travels in. All of it is made from the contract and from what the
// services subscribe to, so that it cannot say anything else.
package asyncapi
