"""What runs in the measured process: ``python -m rheobase.bench.process cuba``.

Builds one network, runs it for one second of its own time and prints, as one line
of JSON, what the run says of itself.
"""

from __future__ import annotations

import argparse
import json
import sys

from rheobase.bench.networks import NETWORKS


def main(argv: list[str] | None = None) -> int:
    """Run one benchmark network and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", choices=sorted(NETWORKS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duration", default="1 second", help="simulated time")
    options = parser.parse_args(argv)
    net = NETWORKS[options.name](options.seed)
    result = net.run(options.duration)
    figures = {
        "timing": dict(result.timing),
        "spikes": int(result.spikes["cells"].count),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
