package events

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The functions of this file turn the text of one valid JSON value into a Go value of the type that a schema asks
// for. The empty text stands for an absent member.

// decoder makes the Decode function of a Version.
func decoder[T Event](read func(text string) (T, error)) func([]byte) (Event, error) {
	return func(data []byte) (Event, error) {
		if !json.Valid(data) {
			return nil, notJSON(data)
		}
		event, err := read(strings.Trim(string(data), " \n\r\t"))
		if err != nil {
			return nil, err
		}
		if err := event.Validate(); err != nil {
			return nil, err
		}
		return event, nil
	}
}

// readMembers sets values[i] to the text of the member called names[i]. If a name comes twice the last one counts,
// and members without a name here are skipped.
func readMembers(text string, names, values []string) error {
	if err := wantKind(text, '{'); err != nil {
		return err
	}
	for key, value := range entries(text) {
		key = unquote(key)
		for i, name := range names {
			if key == name {
				values[i] = value
				break
			}
		}
	}
	return nil
}

// readList reads an array. The capacity is a guess at the length, from the number of objects in the text.
func readList[T any](text string, maxItems int, read func(text string) (T, error)) ([]T, error) {
	if err := wantKind(text, '['); err != nil {
		return nil, err
	}
	list := make([]T, 0, min(strings.Count(text, "{"), maxItems))
	for element := range elements(text) {
		value, err := read(element)
		if err != nil {
			return nil, at(index(len(list)), err)
		}
		list = append(list, value)
	}
	return list, nil
}

// optionalStrings reads an object whose members are all strings; nil if it is absent.
func optionalStrings(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	if err := wantKind(text, '{'); err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for key, value := range entries(text) {
		texts[unquote(key)] = value
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		decoded, err := readString(texts[key])
		if err != nil {
			return nil, at(member(key), err)
		}
		texts[key] = decoded
	}
	return texts, nil
}

func readString(text string) (string, error) {
	if err := wantKind(text, '"'); err != nil {
		return "", err
	}
	return unquote(text), nil
}

// optionalString refuses the empty string, which in Go stands for an absent member. Schemas do the same.
func optionalString(text string) (string, error) {
	if text == `""` {
		return "", fault("must not be empty: leave it out instead")
	}
	if text == "" {
		return "", nil
	}
	return readString(text)
}

// readInteger reads an integer in any of JSON's spellings: 100, 100.0 and 1e2 are the same one.
func readInteger(text string) (int64, error) {
	if err := wantKind(text, '0'); err != nil {
		return 0, err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	return readDecimal(text)
}

func optionalInteger(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	n, err := readInteger(text)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// readDecimal reads a number with a fraction or an exponent without computing powers: it moves the point in the text.
func readDecimal(text string) (int64, error) {
	mantissa, exponentText, hasExponent := strings.Cut(strings.ToLower(text), "e")
	exponent := 0
	if hasExponent {
		n, err := strconv.Atoi(exponentText)
		if err != nil {
			return 0, fault("%s is not an integer of 64 bits", shorten(text))
		}
		exponent = n
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return 0, nil
	}
	exponent -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	if exponent < 0 {
		return 0, fault("%s is not an integer", shorten(text))
	}
	const maxDigits = 19 // of an int64; ParseInt refuses the rest of what is too large
	if exponent > maxDigits {
		return 0, fault("%s is not an integer of 64 bits", shorten(text))
	}
	integer := trimmed + strings.Repeat("0", exponent)
	if negative {
		integer = "-" + integer
	}
	n, err := strconv.ParseInt(integer, 10, 64)
	if err != nil {
		return 0, fault("%s is not an integer of 64 bits", shorten(text))
	}
	return n, nil
}

// unquote decodes a JSON string. Most have neither escapes nor more than ASCII and are a part of the text itself.
func unquote(text string) string {
	plain := text[1 : len(text)-1]
	if strings.IndexByte(plain, '\\') < 0 && utf8.ValidString(plain) {
		return plain
	}
	var decoded string
	_ = json.Unmarshal([]byte(text), &decoded) // text is valid JSON and a string, so this cannot fail
	return decoded
}
