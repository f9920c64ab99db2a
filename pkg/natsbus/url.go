package natsbus

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

var errURL = errors.New("the URL cannot be read: it is nats://user:password@host:port, or several with commas between; " +
	"in a password @ is written as %40, a slash as %2F and a comma as %2C")

// CheckURL refuses a list of addresses that cannot be read.
func CheckURL(list string) error {
	for u := range strings.SplitSeq(list, ",") {
		u = strings.TrimSpace(u)
		if !strings.Contains(u, "://") {
			u = "nats://" + u
		}
		if _, err := url.Parse(u); err != nil {
			return fmt.Errorf("%s: %w", MaskURL(list), errURL)
		}
	}
	return nil
}

// MaskURL hides passwords and tokens in a list of addresses. It works on text,
// so that an address which cannot be parsed is masked as well.
func MaskURL(list string) string {
	urls := strings.Split(list, ",")
	for i, u := range urls {
		scheme, rest, found := strings.Cut(u, "://")
		if !found {
			scheme, rest = "", u
		}
		at := strings.LastIndexByte(rest, '@')
		if at < 0 && !cut(rest) {
			continue
		}
		if at < 0 {
			at = len(rest)
		}
		user, _, isUser := strings.Cut(rest[:at], ":")
		masked := "xxxxx" // a lone user name is a token
		if isUser {
			masked = user + ":xxxxx"
		}
		urls[i] = masked + rest[at:]
		if found {
			urls[i] = scheme + "://" + urls[i]
		}
	}
	return strings.Join(urls, ",")
}

// cut reports whether what should be an address is the first half of one, whose
// password has a comma.
func cut(address string) bool {
	_, err := url.Parse("nats://" + address)
	return err != nil
}
