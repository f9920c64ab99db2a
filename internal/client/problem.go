package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Problem is what the system answers instead of doing what was asked: a
// problem of RFC 9457.
type Problem struct {
	Status        int      `json:"status"`
	Type          string   `json:"type"`
	Title         string   `json:"title"`
	Detail        string   `json:"detail"`
	Errors        []Detail `json:"errors"`
	CorrelationID string   `json:"correlation_id"`
}

// Detail is one thing that is wrong with a request, and where.
type Detail struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is in one line what is wrong: each location with its message, or else
// the detail, with the correlation id if it is the system that is at fault.
func (p *Problem) Error() string {
	if text := p.locations(); text != "" {
		return text
	}
	text := p.Detail
	if text == "" {
		text = fmt.Sprintf("%d %s", p.Status, p.Title)
	}
	if p.Status >= http.StatusInternalServerError && p.CorrelationID != "" {
		text += " (" + p.CorrelationID + ")"
	}
	return text
}

// shownDetails is how many locations an error names.
const shownDetails = 5

func (p *Problem) locations() string {
	var parts []string
	for i, e := range p.Errors {
		if i == shownDetails {
			parts = append(parts, fmt.Sprintf("and %d more", len(p.Errors)-i))
			break
		}
		parts = append(parts, strings.TrimPrefix(e.Location+": "+e.Message, ": "))
	}
	return strings.Join(parts, "; ")
}

// Refused reports whether the request is at fault, not the system: repeating
// it gives the same answer.
func (p *Problem) Refused() bool {
	return p.Status >= 400 && p.Status < 500 && p.Status != http.StatusRequestTimeout && p.Status != http.StatusTooManyRequests
}

// problem reads the answer of a failed request, whoever gave it.
func problem(res *http.Response, body []byte) *Problem {
	p := &Problem{}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(body, p) != nil {
		*p = Problem{Detail: fmt.Sprintf("%s %s answered %s", res.Request.Method, res.Request.URL.Path, res.Status)}
	}
	p.Status = res.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(res.StatusCode)
	}
	return p
}
