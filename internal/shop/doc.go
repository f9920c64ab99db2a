// Package shop brings a shop's catalogue and its orders from files into a
// running system, and tells how the orders ended. A bad line is reported with
// its number and reason, and the rest goes on.
//
// A catalogue is CSV with the columns product_id, name, currency,
// unit_price_minor and stock. Orders are JSON objects, one a line: see
// [OrderReader]. A sample of both is part of the package.
package shop
