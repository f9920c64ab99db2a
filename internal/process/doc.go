// Package process runs other programs that end with this one: on Linux they are
// killed when this process dies, however it dies. Elsewhere only a clean end
// stops them.
package process
