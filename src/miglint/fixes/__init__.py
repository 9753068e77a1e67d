"""Apply the fixes of findings to files, and keep what makes nothing worse."""
