"""Which features a training goes on with, learnt from its training rows alone."""
