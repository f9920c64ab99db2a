package event

import (
	"crypto/sha256"
	"encoding/hex"
)

// DeriveID returns the id of the event called name of the thing called key. The
// same two always give the same id, so that an event told again is known to be
// the same one. Keys that differ in case differ.
//
// The id is a UUID of version 8. If key is a UUID, its first 48 bits are the
// id's too: ids then sort by time as keys of version 7 do. All other bits are of
// the SHA-256 of key, a zero byte and name.
func DeriveID(key, name string) string {
	in := make([]byte, 0, 128)
	in = append(in, key...)
	in = append(in, 0)
	in = append(in, name...)
	sum := sha256.Sum256(in)
	id := sum[:16]
	if head, ok := uuidHead(key); ok {
		copy(id, head[:])
	}
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562

	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// uuidHead returns the first 48 bits of a UUID in its usual form.
func uuidHead(s string) (head [6]byte, ok bool) {
	if len(s) != 36 {
		return head, false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return head, false
		}
	}
	for i, at := range [...]int{0, 2, 4, 6, 9, 11} {
		head[i] = unhex(s[at])<<4 | unhex(s[at+1])
	}
	return head, true
}
