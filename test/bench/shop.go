package main

import "context"

func shopOrders(ctx context.Context, s settings) error { return nil }
