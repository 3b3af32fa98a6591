"""Models, networks and experiments described in a TOML file, and what running one leaves.

>>> finished = rb.modelfiles.run("ring.toml")                       # doctest: +SKIP
>>> finished.result.spikes["cells"].count                           # doctest: +SKIP

`rheobase run ring.toml` is the same on the command line. The format stands in the reference,
"Model files": every table is one call of the library, its keys are the arguments. Nothing in a
file is evaluated as Python.
"""

from rheobase.modelfiles.experiment import Experiment, read
from rheobase.modelfiles.running import Finished, run

__all__ = ["Experiment", "Finished", "read", "run"]
