// Command dashboards writes the dashboards for Grafana: what is on each is data in a
// file of its own, and how Grafana wants it is said once. It is run by go generate.
package main

//go:generate go run . ../../deploy
