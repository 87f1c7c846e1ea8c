"""Population accounts (人口平衡账): opening stock + what came - what went = closing stock, and what breaks them."""
