package httpkit

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// checkParameters refuses what huma reads past: a parameter that is given more
// than once, of which it takes the first, and one that is empty, which it takes
// for absent.
func checkParameters(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		address := ctx.URL()
		query, err := url.ParseQuery(address.RawQuery)
		if err != nil {
			_ = huma.WriteErr(api, ctx, http.StatusBadRequest, "the query of the address cannot be read: "+err.Error())
			return
		}
		var faults []error
		for name, values := range query {
			faults = appendFault(faults, "query."+name, values)
		}
		for name, values := range headers(ctx) {
			faults = appendFault(faults, "header."+name, values)
		}
		if len(faults) > 0 {
			slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, "", faults...) // the client may have gone
			return
		}
		next(ctx)
	}
}

// headers are those of the request that the operation has as parameters.
func headers(ctx huma.Context) map[string][]string {
	var found map[string][]string
	for _, p := range ctx.Operation().Parameters {
		if p.In != "header" {
			continue
		}
		ctx.EachHeader(func(name, value string) {
			if strings.EqualFold(name, p.Name) {
				if found == nil {
					found = make(map[string][]string)
				}
				found[p.Name] = append(found[p.Name], value)
			}
		})
	}
	return found
}

func appendFault(faults []error, location string, values []string) []error {
	switch {
	case len(values) > 1:
		return append(faults, &huma.ErrorDetail{Location: location, Message: "is given more than once"})
	case values[0] == "":
		return append(faults, &huma.ErrorDetail{Location: location, Message: "is empty: give a value, or leave it out"})
	}
	return faults
}
