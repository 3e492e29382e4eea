"""Synthetic people with exact alpha: training pictures of people who do not exist.

A person is drawn from a seed in steps, each a module: `traits`, `bodies` and `poses`; `clothes`,
`headwear` and `things`; `hair`; `materials`.  `cameras` and `lights` set the scene, `renderer`
renders it, `finishing` makes a picture of it, and `folder` writes one file per seed.  The parts
(`parts`) are CC0 data of the MakeHuman project in a folder that the user provides.
"""
