package asyncapi

// version is the AsyncAPI specification that documents keep to.
const version = "3.0.0"

// The types of this file are the objects of the specification, with the fields
// that are used here under their names there.

type document struct {
	AsyncAPI           string               `json:"asyncapi"`
	ID                 string               `json:"id"`
	Info               info                 `json:"info"`
	DefaultContentType string               `json:"defaultContentType"`
	Channels           map[string]channel   `json:"channels"`
	Operations         map[string]operation `json:"operations"`
	Components         components           `json:"components"`
}

type info struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type channel struct {
	Address     string               `json:"address"`
	Title       string               `json:"title"`
	Description string               `json:"description"`
	Messages    map[string]reference `json:"messages"`
	Parameters  map[string]parameter `json:"parameters"`
}

type parameter struct {
	Description string   `json:"description"`
	Enum        []string `json:"enum"`
	Default     string   `json:"default"`
}

type operation struct {
	Action   string      `json:"action"`
	Channel  reference   `json:"channel"`
	Summary  string      `json:"summary"`
	Tags     []tag       `json:"tags"`
	Messages []reference `json:"messages"`
}

type tag struct {
	Name string `json:"name"`
}

type reference struct {
	Ref string `json:"$ref"`
}

type components struct {
	Schemas  map[string]schema  `json:"schemas"`
	Messages map[string]message `json:"messages"`
}

type message struct {
	Name          string         `json:"name"`
	Title         string         `json:"title"`
	Summary       string         `json:"summary"`
	ContentType   string         `json:"contentType"`
	CorrelationID *correlationID `json:"correlationId,omitempty"`
	Headers       schema         `json:"headers"`
	Payload       schema         `json:"payload"`
}

type correlationID struct {
	Description string `json:"description"`
	Location    string `json:"location"`
}

// schema is a Schema Object: a superset of JSON Schema, draft 7. The contract's
// own schemas use only keywords that mean the same there.
type schema map[string]any
