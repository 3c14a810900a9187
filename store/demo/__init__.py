"""The five demo hotels: invented houses with true taxes, zones and currencies."""

from store.demo import hudson, kamo, lagoon, malabar, ribeira

HOUSES = (ribeira.HOUSE, hudson.HOUSE, malabar.HOUSE, kamo.HOUSE, lagoon.HOUSE)
