// Package httpapi is the HTTP API of the inventory service: the catalogue, its
// prices, and what is in stock.
package httpapi
