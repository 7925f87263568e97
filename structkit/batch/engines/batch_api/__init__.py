"""The `batch_api` engine: the requests of many rows go out in one file, at the price of the vendor's Batch API."""
