// Package observe tests what operators load to see Orderly: the alert rules and the
// dashboards below deploy. Rules are run by promtool, with time made up; both are
// run by a real Prometheus that scrapes real processes under load, while things
// break.
package observe
