package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/events"
	"orderly/inventory"
	"orderly/pkg/httpkit"
)

type product struct {
	ProductID      string    `json:"product_id"`
	Name           string    `json:"name"`
	Currency       string    `json:"currency"`
	UnitPriceMinor int64     `json:"unit_price_minor"`
	OnHand         int64     `json:"on_hand" doc:"In the warehouse: available and reserved"`
	Available      int64     `json:"available" doc:"Free to reserve"`
	Reserved       int64     `json:"reserved" doc:"Held for orders that have not ended"`
	Sold           int64     `json:"sold" doc:"Left with confirmed orders, ever"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func productOf(p inventory.Product) product {
	return product{
		ProductID:      p.ID,
		Name:           p.Name,
		Currency:       p.Currency,
		UnitPriceMinor: p.UnitPriceMinor,
		OnHand:         p.OnHand,
		Available:      p.Available,
		Reserved:       p.Reserved,
		Sold:           p.Sold,
		UpdatedAt:      p.UpdatedAt.UTC(),
	}
}

type getInput struct {
	ID string `path:"id" example:"espresso-beans" doc:"The product's id"`
}

type productOutput struct {
	Body product
}

func (s Service) registerGet(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "get-product",
		Method:      http.MethodGet,
		Path:        "/v1/products/{id}",
		Summary:     "Get a product and its stock",
		Errors:      []int{http.StatusNotFound},
	}), translate, s.get)
}

func (s Service) get(ctx context.Context, in *getInput) (*productOutput, error) {
	if err := checkProductID(in.ID); err != nil {
		return nil, err
	}
	p, err := s.Products.Product(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &productOutput{Body: productOf(p)}, nil
}

const cursorKind = "product"

type listInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many products a page has at most"`
	Cursor string `query:"cursor" maxLength:"255" doc:"next of the page before"`
}

type listOutput struct {
	Body productPage
}

type productPage struct {
	Items []product `json:"items" nullable:"false" doc:"By id"`
	Next  string    `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
}

func (s Service) registerList(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-products",
		Method:      http.MethodGet,
		Path:        "/v1/products",
		Summary:     "List products",
	}), translate, s.list)
}

func (s Service) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := httpkit.ParseCursor(cursorKind, in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" && events.CheckProductID(after) != nil {
		return nil, httpkit.BadCursor()
	}
	found, err := s.Products.Products(ctx, after, in.Limit+1) // one more tells whether there is a next page
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: productPage{Items: make([]product, 0, len(found))}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = httpkit.Cursor(cursorKind, found[in.Limit-1].ID)
	}
	for _, p := range found {
		out.Body.Items = append(out.Body.Items, productOf(p))
	}
	return out, nil
}
