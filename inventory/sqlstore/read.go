package sqlstore

import (
	"context"
	"fmt"

	"orderly/inventory"
)

// Product returns one product.
func (s *Store) Product(ctx context.Context, id string) (inventory.Product, error) {
	found, err := s.query(ctx, "SELECT "+productFields+" FROM products WHERE id = $1", id)
	if err != nil {
		return inventory.Product{}, fmt.Errorf("get product %s: %w", id, err)
	}
	if len(found) == 0 {
		return inventory.Product{}, fmt.Errorf("product %s: %w", id, inventory.ErrUnknownProduct)
	}
	return found[0], nil
}

// Products returns a page of products by id.
func (s *Store) Products(ctx context.Context, after string, limit int) ([]inventory.Product, error) {
	found, err := s.query(ctx, "SELECT "+productFields+" FROM products WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	return found, nil
}

func (s *Store) query(ctx context.Context, query string, args ...any) ([]inventory.Product, error) {
	rows, err := s.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var products []inventory.Product
	for rows.Next() {
		p, err := scanProduct(rows)
		if err != nil {
			return nil, err
		}
		products = append(products, p)
	}
	return products, rows.Err()
}
