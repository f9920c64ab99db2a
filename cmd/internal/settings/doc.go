// Package settings reads what a program can be told, from its flags, its
// environment and files of secrets, out of one list. The list is data: the
// flags, their help, what `config print` shows and the tables in
// docs/configuration.md all come from it.
//
// A flag goes before an environment variable, and that before the default. A
// secret's variable has a twin, as ORDERLY_DATABASE_URL_FILE, that names a file
// with the value. A variable that is empty counts as not set.
package settings
