package postgres

import (
	"regexp"
	"strings"
)

const hidden = "xxxxx"

var (
	inQuery = regexp.MustCompile(`(?i)((?:ssl)?password=)[^&#]*`)
	pairs   = regexp.MustCompile(`^\s*(\w+\s*=|$)`)
	inPairs = regexp.MustCompile(`(?i)((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)*)`)
)

// MaskDSN hides the passwords in a PostgreSQL DSN, a URL or key=value pairs. Of
// one that is written wrongly it hides too much rather than too little.
func MaskDSN(dsn string) string {
	scheme, rest, isURL := strings.Cut(dsn, "://")
	switch {
	case !isURL && !pairs.MatchString(dsn):
		return hidden
	case !isURL:
		return inPairs.ReplaceAllString(dsn, "${1}"+hidden)
	}
	user, rest := userinfo(rest)
	if name, _, has := strings.Cut(user, ":"); has {
		user = name + ":" + hidden
	}
	if user != "" {
		user += "@"
	}
	return scheme + "://" + user + inQuery.ReplaceAllString(rest, "${1}"+hidden)
}

// userinfo cuts what comes before the host from what follows the scheme of a
// URL. A password may hold an @ or a slash that should have been escaped.
func userinfo(rest string) (user, after string) {
	address, _, _ := strings.Cut(rest, "?")
	at := strings.LastIndex(address, "@")
	if at < 0 {
		at = strings.LastIndex(rest, "@")
	}
	if at < 0 {
		return "", rest
	}
	return rest[:at], rest[at+1:]
}
