package main

import (
	"context"
	"fmt"
	"io"

	"orderly/internal/client"
)

// productsListCommand lists the catalogue.
type productsListCommand struct{}

// Run runs the command.
func (productsListCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	products := []client.Product{}
	for p, err := range api.Products(ctx) {
		if err != nil {
			return err
		}
		products = append(products, p)
	}
	return s.out.print(products, func(w io.Writer) {
		fmt.Fprintln(w, "PRODUCT\tPRICE\tON HAND\tAVAILABLE\tRESERVED\tSOLD\tNAME")
		for _, p := range products {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n",
				p.ProductID, money(p.UnitPriceMinor, p.Currency), p.OnHand, p.Available, p.Reserved, p.Sold, p.Name)
		}
	})
}
