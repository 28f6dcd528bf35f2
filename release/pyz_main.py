"""``__main__.py`` of layercheck.pyz. Old Pythons read this file too, and are told that they are."""

import sys

if sys.version_info < (3, 10):
    sys.exit("layercheck needs Python 3.10 or newer; this is %d.%d (%s)" % (*sys.version_info[:2], sys.executable))

if __name__ == "__main__":
    import os

    # The archive, as it was named on the command line: to be found from any directory.
    sys.path[0] = os.path.abspath(sys.path[0])

    from layercheck.cli import entry

    entry()
