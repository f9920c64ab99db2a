package postgres

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// Binaries finds the directory of initdb and postgres: the newest of Debian's,
// or what PATH has.
func Binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errors.New("PostgreSQL is not installed: apt-get install postgresql")
		}
		return filepath.Dir(path), nil
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// version reads the number in /usr/lib/postgresql/15/bin/initdb; 0 if none.
func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}
