"""Partner districts (协作地区): the trust list that names them, and how this district describes itself."""
