package natsbus

import "strings"

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
		if at < 0 {
			continue
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
