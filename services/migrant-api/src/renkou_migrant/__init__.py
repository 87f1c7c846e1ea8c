"""migrant-api (流动人口): certificates, arrivals, departures and the exchange with partner districts."""
