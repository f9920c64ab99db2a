package main

import (
	"fmt"
	"strconv"
	"strings"
)

// validator writes the method that checks a value.
func (g *generator) validator(out *source, c contract, s *schema, method string) error {
	out.line("func (v %s) %s() error {", c.goType(s), method)
	for _, p := range s.Properties {
		if err := g.fieldCheck(out, p); err != nil {
			return err
		}
	}
	out.line("return nil\n}\n")
	return nil
}

func (g *generator) fieldCheck(out *source, p property) error {
	field := "v." + goName(p.Name)
	if p.Schema.isStruct() {
		objectCheck(out, p, field)
		return nil
	}
	call, err := g.call(p, field)
	if err != nil {
		return err
	}
	failing := fmt.Sprintf("if err := %s; err != nil {\nreturn at(%q, err)\n}", call, p.Name)
	switch {
	case p.Schema.Type == "string" && !p.Required:
		out.line("if %s != \"\" {\n%s\n}", field, failing)
	case p.Schema.Type == "integer" && !p.Required:
		out.line("if %s != nil {\n%s\n}", field, failing)
	case p.Schema.Type == "array":
		out.line("%s", failing)
		out.line("for i, item := range %s {", field)
		out.line("if err := item.validate(); err != nil {\nreturn at(%q+index(i), err)\n}\n}", p.Name)
	default:
		out.line("%s", failing)
	}
	return nil
}

func objectCheck(out *source, p property, field string) {
	check := fmt.Sprintf("if err := %s.validate(); err != nil {\nreturn at(%q, err)\n}", field, p.Name)
	if !p.Required {
		check = fmt.Sprintf("if %s != nil {\n%s\n}", field, check)
	}
	out.line("%s", check)
}

// call is the call that checks one value of a property.
func (g *generator) call(p property, value string) (string, error) {
	s := p.Schema
	switch {
	case s.isMap():
		inner, err := g.call(property{Name: p.Name, Required: true, Schema: s.Additional}, "s")
		return fmt.Sprintf("checkMap(%s, %d, func(s string) error { return %s })", value, *s.MaxProperties, inner), err
	case s.Type == "array":
		return fmt.Sprintf("checkCount(len(%s), %d, %d)", value, *s.MinItems, *s.MaxItems), nil
	case s.Type == "integer" && !p.Required:
		value = "*" + value
		fallthrough
	case s.Type == "integer":
		return fmt.Sprintf("checkRange(%s, %d, %d)", value, *s.Minimum, *s.Maximum), nil
	case s.Format != "":
		return fmt.Sprintf("checkUUID(%s)", value), nil
	case s.Enum != nil:
		return fmt.Sprintf("checkEnum(%s, %s)", value, strings.Join(enumConstants(p), ", ")), nil
	case s.Pattern != "":
		matcher, err := g.matcher(p)
		return fmt.Sprintf("checkPattern(%s, %s, %s)", value, matcher, strconv.Quote(s.Pattern)), err
	default:
		minimum := 0
		if s.MinLength != nil {
			minimum = *s.MinLength
		}
		return fmt.Sprintf("checkLength(%s, %d, %d)", value, minimum, *s.MaxLength), nil
	}
}

// enumConstants names constants that the package declares by hand, with a comment each: one that is missing does not
// compile.
func enumConstants(p property) []string {
	var constants []string
	for _, value := range p.Schema.Enum {
		constants = append(constants, goName(p.Name)+goName(value))
	}
	return constants
}

// matcher returns the name of the function that decides the pattern of a property, and writes it if it is new.
func (g *generator) matcher(p property) (string, error) {
	parsed, err := parsePattern(p.Schema.Pattern)
	if err != nil {
		return "", err
	}
	base := "is" + goName(p.Name)
	name := base
	for n := 2; ; n++ {
		known, taken := g.matchers[name]
		if taken && known == parsed.text {
			return name, nil
		}
		if !taken {
			break
		}
		name = base + strconv.Itoa(n)
	}
	g.matchers[name] = parsed.text
	g.patterns.line("%s", parsed.matcher(name))
	return name, nil
}
