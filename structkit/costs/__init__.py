"""What tokens cost: prices, the cost of a reply, a budget, a forecast."""

from structkit.costs.budget import Budget
from structkit.costs.forecast import Estimate, Forecast, Sample, forecast_run
from structkit.costs.price import Price, read_prices
from structkit.costs.reply_cost import Spending

__all__ = ["Budget", "Estimate", "Forecast", "Price", "Sample", "Spending", "forecast_run", "read_prices"]
