"""freezing: a fork server imports it last (--gc-freeze yes): no worker's collection touches the objects made before."""

import gc

gc.collect()
gc.freeze()
