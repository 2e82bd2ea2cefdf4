"""资源一个库: land parcels, plants and offices as dated, sourced facts, and their holds."""
