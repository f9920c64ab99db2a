// Package daemon has what every program that keeps running needs of its
// process: a logger, memory settings, an end on a signal, a version.
package daemon
