"""Files are read, segmented and embedded by Ray Data, on the cores of this machine or on a cluster."""
