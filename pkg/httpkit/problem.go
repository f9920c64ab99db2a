package httpkit

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// MediaType is the content type of a [Problem].
const MediaType = "application/problem+json"

const typePrefix = "urn:orderly:problem:"

// Fault is one thing that is wrong with a request, and where.
type Fault struct {
	Location string `json:"location,omitempty" doc:"Where it is, as body.items[0].quantity, query.limit or path.id"`
	Message  string `json:"message" doc:"What is wrong with it, for a person"`
}

// Problem is the body of every answer that is no success, as RFC 9457 wants it.
// It is an error, so that handlers and translators return it. Make one with
// [NewProblem] or one of its companions.
type Problem struct {
	Type          string  `json:"type" doc:"What kind of problem it is: a stable name to branch on" example:"urn:orderly:problem:validation"`
	Title         string  `json:"title" doc:"The kind of problem, for a person"`
	Status        int     `json:"status" doc:"The HTTP status code"`
	Detail        string  `json:"detail,omitempty" doc:"What happened this time, for a person"`
	CorrelationID string  `json:"correlation_id,omitempty" doc:"Names this request in logs and events"`
	Errors        []Fault `json:"errors,omitempty" nullable:"false" doc:"Each thing that is wrong with the request"`

	retryAfter time.Duration
}

// NewProblem returns a problem whose type is the given name under this
// package's prefix. The name must never change: clients branch on it.
func NewProblem(status int, name, title, detail string) *Problem {
	return &Problem{Type: typePrefix + name, Title: title, Status: status, Detail: detail}
}

// Unreadable is the problem (400) of a request that could not be understood.
func Unreadable(detail string) *Problem { return standard(http.StatusBadRequest, detail) }

// Invalid is the problem (422) of a request that was understood and has these
// faults.
func Invalid(faults ...Fault) *Problem {
	return refusal(http.StatusUnprocessableEntity, faults)
}

func refusal(status int, faults []Fault) *Problem {
	detail := strconv.Itoa(len(faults)) + " things are wrong with the request"
	if len(faults) == 1 {
		detail = "the request is not valid"
	}
	p := standard(status, detail)
	p.Errors = faults
	return p
}

// Unavailable is the problem (503) of a request that may be repeated after the
// given time, which is sent in whole seconds.
func Unavailable(detail string, retryAfter time.Duration) *Problem {
	p := standard(http.StatusServiceUnavailable, detail)
	p.retryAfter = max(retryAfter, time.Second)
	return p
}

// standard is the problem that stands for a status alone.
func standard(status int, detail string) *Problem {
	name, title := "error", http.StatusText(status)
	switch status {
	case http.StatusBadRequest:
		name, title = "unreadable", "The request could not be understood"
	case http.StatusForbidden:
		name, title = "forbidden", "The request is not allowed"
	case http.StatusNotFound:
		name, title = "not-found", "There is nothing at this address"
	case http.StatusMethodNotAllowed:
		name, title = "method-not-allowed", "This address does not know the method"
	case http.StatusRequestTimeout:
		name, title = "timeout", "The request took too long to arrive"
	case http.StatusRequestEntityTooLarge:
		name, title = "too-large", "The request is too large"
	case http.StatusUnsupportedMediaType:
		name, title = "media-type", "The content type is not supported"
	case http.StatusUnprocessableEntity:
		name, title = "validation", "The request is not valid"
	case http.StatusInternalServerError:
		name, title = "internal", "Something went wrong here"
	case http.StatusServiceUnavailable:
		name, title = "unavailable", "The service cannot answer now"
	}
	return NewProblem(status, name, title, detail)
}

// Error returns the detail, or the title if there is none.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns [MediaType], whatever was negotiated.
func (p *Problem) ContentType(string) string { return MediaType }

// GetHeaders returns the headers that go with the problem; it may be nil.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter <= 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(int(p.retryAfter.Round(time.Second).Seconds()))}}
}

// WriteProblem answers a request with a problem, from a handler that is not
// registered with an API.
func WriteProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	out := *p
	out.CorrelationID = CorrelationID(r.Context())
	body, err := json.Marshal(out)
	if err != nil { // a Problem has nothing that JSON cannot hold
		body = []byte("{}")
	}
	header := w.Header()
	for name, values := range p.GetHeaders() {
		header[name] = values
	}
	header.Set("Content-Type", MediaType)
	header.Del("Content-Length")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // the client may have gone
	}
}
