"""From a request to an alpha and straight colours: network, sizes, tiles, edge."""
