"""freezing: what a fork server imports last (--gc-freeze yes): what it has by then, no collection of a worker touches."""

import gc

gc.collect()
gc.freeze()
