// Package compose starts the images and the compose file that users start, breaks
// the containers under load in every way, and audits the books: make test-compose.
// Where no registry can be reached, test/images has stand-ins for the images that
// they name.
package compose
