// Package logs has what all logs have in common: one vocabulary of fields, a guard
// against floods, and a way to hand in a slog.Handler where the kit wants a
// *zap.Logger.
//
// What is logged: that an input was handled, once, by the engine, at debug; what is
// tried again, at warn; what a person has to look at, as a dead letter, at error.
// What is never logged: payloads, payment methods, anything of a customer but ids.
package logs
