package inventory

// Level is how much of a product is left.
type Level string

// The levels of a product's stock, by what is free to reserve.
const (
	SoldOut Level = "none"
	Low     Level = "low" // LowStock units or fewer
	Enough  Level = "enough"
)

// LowStock is up to how many available units a product counts as low.
const LowStock = 10

// Levels lists every level, the worst first.
func Levels() []Level { return []Level{SoldOut, Low, Enough} }
