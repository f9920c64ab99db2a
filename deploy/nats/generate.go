// Package nats has the users of NATS for its servers' configuration, as
// compose.yaml and the Kubernetes manifests use it.
package nats

//go:generate sh -c "go run ../../cmd/orderly topology permissions --include passwords.conf > permissions.conf"
