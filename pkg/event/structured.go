package event

import "time"

// appendEvent appends an event in the CloudEvents JSON format, by hand: the
// members are few and fixed, and the payload is JSON already.
func appendEvent(b []byte, e *Event) []byte {
	b = append(b, `{"specversion":"`+specVersion+`"`...)
	for _, a := range attributes(e) {
		if a.value == "" {
			continue
		}
		b = append(b, `,"`...)
		b = append(b, a.name...)
		b = append(b, `":`...)
		b = appendString(b, a.value)
	}
	if !e.Time.IsZero() {
		b = append(b, `,"time":"`...)
		b = e.Time.AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"')
	}
	b = append(b, `,"datacontenttype":"`+jsonType+`"`...)
	if len(e.Data) > 0 {
		b = append(b, `,"data":`...)
		b = append(b, e.Data...)
	}
	return append(b, '}')
}

// appendString appends s, which is UTF-8, as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		if c >= ' ' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
