package settings

import (
	"fmt"
	"strings"
)

// Markdown is the list as a table for a reader.
func (l List) Markdown() string {
	var b strings.Builder
	b.WriteString("| flag | environment | default | what |\n| --- | --- | --- | --- |\n")
	for _, s := range l {
		env := "`" + s.Env + "`"
		if s.Secret != nil {
			env += ", `" + s.Env + fileSuffix + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | %s | %s | %s |\n", s.Flag, env, code(s.Default), s.Help)
	}
	return b.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
