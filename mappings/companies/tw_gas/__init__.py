"""A Taiwanese gas distributor: mapping, learning paths, courses, and its HR export in two deliveries."""
