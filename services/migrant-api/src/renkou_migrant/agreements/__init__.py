"""Two-way agreements between districts (双向管理协议): which kinds go which way, on which basis, when."""
