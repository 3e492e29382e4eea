"""Synthetic people with exact alpha: a source of training pictures that shows nobody.

A person is drawn from a seed in steps, each a module: `traits`, `bodies` and `poses`; `clothes`,
`headwear` and `things`; `hair`; `materials`.  `cameras` and `lights` set the scene, `renderer`
renders it, `finishing` makes a picture of it, and `folder` writes a file for each seed.  The parts
(`parts`) are CC0 data of the MakeHuman project in a folder that the user names.
"""
