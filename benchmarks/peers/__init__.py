"""The kit beside what people would use instead: same faults, same right droplets, one run."""
