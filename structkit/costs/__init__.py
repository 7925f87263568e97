"""What tokens cost: prices, the cost of a reply, a budget, a forecast."""
