"""What tokens cost: prices, the cost of a reply, a budget, a forecast."""

from structkit.costs.price import Price

__all__ = ["Price"]
