"""What every other package stands on: the model of files and scripts, findings, errors, structs, file writes."""
