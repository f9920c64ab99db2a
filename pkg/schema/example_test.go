package schema_test

import (
	"fmt"

	"orderly/pkg/schema"
)

func ExampleCompare() {
	before, err := schema.Parse([]byte(`{"type": "object", "required": ["id"], "properties": {
		"id": {"type": "string", "maxLength": 64}, "colour": {"enum": ["red", "blue"]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := schema.Parse([]byte(`{"type": "object", "required": ["id"], "properties": {
		"id": {"type": "string", "maxLength": 32}, "colour": {"enum": ["red", "blue"]}, "size": {"type": "integer"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	changes := schema.Compare(before, after)
	fmt.Println(changes.Verdict())
	for _, c := range changes {
		fmt.Printf("%s, breaks %q: %s\n", c.Path, c.Breaks, c.Reason)
	}
	// Output:
	// compatible for readers, breaks writers
	// $.id, breaks "writers": old writers may write 64 characters, new readers want at most 32
	// $.size, breaks "": added, and nobody must say it: readers that do not know it ignore it
}
