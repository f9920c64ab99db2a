// Package kubernetes holds the tests of deploy/kubernetes: all manifests decode
// strictly as the API's own types, and agree with each other and with what the
// programs read. It is a module of its own, so that importers of orderly's get
// none of what it needs.
package kubernetes
