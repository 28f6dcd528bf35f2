"""Reports as they are to look, one file for each case and format. ``make golden`` writes them anew."""
