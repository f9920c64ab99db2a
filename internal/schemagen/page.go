package main

import (
	"fmt"
	"strings"
)

// page returns the text of a page with its tables made anew: each stands between a line that names it and one that
// ends it.
func page(text string, contracts []contract) (string, error) {
	for name, table := range map[string]string{"events": eventTable(contracts), "payloads": payloadTables(contracts)} {
		begin, end := "<!-- "+name+": generated from the schemas -->\n", "<!-- end -->"
		before, rest, opened := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !opened || !closed {
			return "", fmt.Errorf("the page has no place for the table of the %s: put %q and %q where it belongs", name, begin, end)
		}
		text = before + begin + table + end + after
	}
	return text, nil
}

// eventTable has a row for each version of each event.
func eventTable(contracts []contract) string {
	out := &source{}
	out.line("| event | version | what it tells |\n| --- | --- | --- |")
	for _, c := range contracts {
		out.line("| `%s` | [v%d](../events/schemas/%s) | %s |", c.Name, c.Version, c.File, cell(c.Schema.Description))
	}
	return out.String()
}

// payloadTables has a table for each version of each event.
func payloadTables(contracts []contract) string {
	out := &source{}
	for _, c := range contracts {
		out.line("\n### %s v%d\n", c.Name, c.Version)
		out.line("| member | what it is | |\n| --- | --- | --- |")
		payloadRows(out, c.Schema, "")
	}
	out.line("")
	return out.String()
}

func payloadRows(out *source, s *schema, path string) {
	for _, p := range s.Properties {
		kind := kindText(p.Schema)
		if !p.Required {
			kind += ", optional"
		}
		out.line("| `%s` | %s | %s |", path+p.Name, cell(kind), cell(p.Schema.Description))
		switch {
		case p.Schema.Type == "array":
			payloadRows(out, p.Schema.Items, path+p.Name+"[].")
		case p.Schema.isStruct():
			payloadRows(out, p.Schema, path+p.Name+".")
		}
	}
}

// kindText says in words what a schema allows.
func kindText(s *schema) string {
	switch {
	case s.isMap():
		return fmt.Sprintf("object of at most %d members, each %s", *s.MaxProperties, kindText(s.Additional))
	case s.isStruct():
		return "object"
	case s.Type == "array":
		return fmt.Sprintf("list of %d to %d", *s.MinItems, *s.MaxItems)
	case s.Type == "integer":
		return fmt.Sprintf("integer from %d to %d", *s.Minimum, *s.Maximum)
	case s.Format == "uuid":
		return "UUID"
	case s.Enum != nil:
		return "one of `" + strings.Join(s.Enum, "`, `") + "`"
	case s.Pattern != "":
		return "text, `" + s.Pattern + "`"
	case s.MinLength != nil:
		return fmt.Sprintf("text of %d to %d characters", *s.MinLength, *s.MaxLength)
	default:
		return fmt.Sprintf("text of at most %d characters", *s.MaxLength)
	}
}

// cell is text that stays in its cell.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
