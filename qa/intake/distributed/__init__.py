"""Read, segment and embed files with Ray Data, on the cores of this machine or on a cluster."""
