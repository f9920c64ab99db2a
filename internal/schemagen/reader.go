package main

import (
	"fmt"
	"strings"
)

// reader writes the function that decodes the text of one JSON value.
func reader(out *source, c contract, s *schema) {
	var names []string
	for _, p := range s.Properties {
		names = append(names, fmt.Sprintf("%q", p.Name))
	}
	out.line("func read%[1]s(text string) (%[1]s, error) {", c.goType(s))
	out.line("var v %s", c.goType(s))
	out.line("var values [%d]string", len(names))
	out.line("err := readMembers(text, []string{%s}, values[:])", strings.Join(names, ", "))
	out.line("if err != nil {\nreturn v, err\n}")
	for i, p := range s.Properties {
		read := fmt.Sprintf("%s(values[%d])", readFunction(p), i)
		switch {
		case p.Schema.isStruct() && !p.Required:
			optionalObject(out, c, p, i)
			continue
		case p.Schema.isStruct():
			read = fmt.Sprintf("read%s(values[%d])", c.goType(p.Schema), i)
		case p.Schema.Type == "array":
			read = fmt.Sprintf("readList(values[%d], %d, read%s)", i, *p.Schema.MaxItems, c.goType(p.Schema.Items))
		}
		out.line("if v.%s, err = %s; err != nil {\nreturn v, at(%q, err)\n}", goName(p.Name), read, p.Name)
	}
	out.line("return v, nil\n}\n")
}

// optionalObject reads an object whose absence is nil.
func optionalObject(out *source, c contract, p property, i int) {
	out.line("if values[%d] != \"\" {", i)
	out.line("inner, err := read%s(values[%d])", c.goType(p.Schema), i)
	out.line("if err != nil {\nreturn v, at(%q, err)\n}", p.Name)
	out.line("v.%s = &inner\n}", goName(p.Name))
}

func readFunction(p property) string {
	prefix := "optional"
	if p.Required {
		prefix = "read"
	}
	switch {
	case p.Schema.isMap():
		return prefix + "Strings"
	case p.Schema.Type == "integer":
		return prefix + "Integer"
	default:
		return prefix + "String"
	}
}

// catalog writes the names, the embedded schemas and the list of them all.
func catalog(contracts []contract) *source {
	out := &source{}
	out.line("import _ \"embed\" // the schemas\n")
	out.line("// The names of all events, as they stand on the wire.\nconst (")
	named := map[string]bool{}
	for _, c := range contracts {
		if !named[c.Name] {
			out.line("%s = %q", nameConstant(c), c.Name)
		}
		named[c.Name] = true
	}
	out.line(")\n")
	out.line("var (")
	for _, c := range contracts {
		out.line("//go:embed schemas/%s\nschema%s string\n", c.File, c.goType(c.Schema))
	}
	out.line(")\n")
	out.line("// Catalog returns all versions of all events, ordered by name and version. The slice and the schemas in it")
	out.line("// are the caller's own.")
	out.line("func Catalog() []Version {\nreturn []Version{")
	for i, c := range contracts {
		out.line("{Name: %s, Version: %d, Schema: []byte(schema%[3]s), Decode: decoder(read%[3]s)%[4]s},",
			nameConstant(c), c.Version, c.goType(c.Schema), conversions(contracts, i))
	}
	out.line("}\n}")
	return out
}

// conversions are the members of the catalogue's line of a contract that has neighbours or was retired. The functions
// are written by hand, and the build fails while one is missing.
func conversions(contracts []contract, i int) string {
	c, text := contracts[i], ""
	if i+1 < len(contracts) && contracts[i+1].Name == c.Name {
		text += ", Up: converter(Upgrade" + c.goType(c.Schema) + ")"
	}
	if i > 0 && contracts[i-1].Name == c.Name {
		text += ", Down: converter(Downgrade" + c.goType(c.Schema) + ")"
	}
	if c.Retired {
		text += ", Retired: true"
	}
	return text
}
